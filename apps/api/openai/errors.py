"""Errors in the shape that OpenAI's clients turn into exceptions."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import JsonResponse

from apps.core.outages import Outage
from apps.publishing.errors import error_text
from apps.serving.client import EngineBusy, EngineError, EngineUnreachable, PromptTooLong
from workers.contracts.openai import error_body


class ApiError(Exception):
    """A refusal with its HTTP status."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = str(message)
        self.param = param
        self.retry_after = retry_after
        self.headers = headers or {}

    def body(self) -> dict[str, object]:
        return error_body(self.status, self.code, self.message, self.param)

    def response(self) -> JsonResponse:
        response = JsonResponse(self.body(), status=self.status, headers=self.headers)
        if self.retry_after:
            response["Retry-After"] = str(max(1, round(self.retry_after)))
        if self.status == 401:
            response["WWW-Authenticate"] = "Bearer"
        return response


def of_outage(outage: Outage) -> ApiError:
    return ApiError(outage.status, outage.code, outage.message, retry_after=outage.retry_after)


def _too_long(error: PromptTooLong, field: str) -> ApiError:
    """In the words that OpenAI uses, regardless of the language: LangChain and LiteLLM look for them, not for the code."""
    if error.limit is None:
        message = f"Input tokens exceed the configured limit of this model. Please reduce the length of the {field}."
    else:
        message = (
            f"Input tokens exceed the configured limit of {error.limit} tokens. Your {field} resulted in "
            f"{error.tokens} tokens. Please reduce the length of the {field}."
        )
    return ApiError(400, error.code, message, param=field)


def from_engine(error: EngineError, field: str) -> ApiError:
    """What the engine's refusal means for the caller; `field` is what of the request the model reads."""
    if isinstance(error, PromptTooLong):
        return _too_long(error, field)
    if isinstance(error, EngineBusy):
        return ApiError(429, error.code, error_text({"code": error.code}), retry_after=error.retry_after)
    if isinstance(error, EngineUnreachable):
        return ApiError(503, "engine_unreachable", error_text({"code": "engine_unreachable"}), retry_after=5)
    status = 400 if error.code == "unsupported" else 500
    return ApiError(status, error.code, error.message if status == 400 else error_text({"code": error.code}))
