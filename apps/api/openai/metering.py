"""Counts the tokens of one answer at /v1 against what its workspace may serve in a day."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from uuid import uuid4

from apps.api.openai.access import Caller
from apps.api.openai.errors import ApiError
from apps.core.database import database_call_anywhere
from apps.serving.client import Done, Text
from apps.workspaces import usage
from apps.workspaces.models import UsageKind


class Meter:
    """Holds room for the longest answer while it lasts, and counts what it took. Entering raises ApiError (429)."""

    def __init__(self, caller: Caller, prompt: str, most_tokens: int) -> None:
        self._caller = caller
        self._prompt_tokens = usage.guess_tokens(prompt)
        self._most_tokens = most_tokens
        self._key = f"request:{uuid4()}"
        self._heard = ""
        self._used: int | None = None

    async def __aenter__(self) -> Self:
        await database_call_anywhere(self._reserve)()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Also when the caller went away in the middle: then what was said until then is counted, by its length."""
        if self._used is None:
            said = usage.guess_tokens(self._heard)
            self._used = self._prompt_tokens + said if said else 0
        await database_call_anywhere(self._spend)()

    def _spend(self) -> None:
        usage.spend(key=self._key, amount=self._used or 0)

    def hear(self, event: Text | Done) -> None:
        if isinstance(event, Text):
            self._heard += event.text
        else:
            self._used = event.prompt_tokens + event.output_tokens

    def read(self, prompt_tokens: int) -> None:
        """For classifiers, which read and say no more than a label."""
        self._used = prompt_tokens

    def _reserve(self) -> None:
        app = self._caller.app
        try:
            usage.reserve(
                workspace=app.workspace,
                kind=UsageKind.TOKENS,
                amount=self._prompt_tokens + self._most_tokens,
                key=self._key,
                source=app,
            )
        except usage.OverQuota as refused:
            message = str(refused.message)
            raise ApiError(429, refused.code, message, retry_after=refused.retry_after) from refused
