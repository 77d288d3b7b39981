"""Streams answers from the engine, or any server that speaks its protocol (workers.contracts.engine)."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import httpx
from django.conf import settings
from httpx_sse import EventSource, ServerSentEvent, SSEError
from pydantic import ValidationError

from workers.contracts.engine import ClassifyRequest, ClassifyResponse, EngineHealth, Sampling
from workers.contracts.model_folder import PromptMessage

_CONNECT_SECONDS = 10.0
"""Many that ask at once connect at once; an engine that is away refuses without any wait."""
_SILENCE_SECONDS = 120.0
"""Longest pause in a stream: loading a model counts as one."""
_HEALTH_SECONDS = 3.0
_END_SECONDS = 0.5
_IDLE_SECONDS = 2.0
"""How long an unused connection is kept: shorter than any server keeps its end, or a question may meet a closed one."""


class EngineError(Exception):
    """A request that got no answer. `code` is the engine's, see workers.contracts.engine."""

    def __init__(self, message: str, *, code: str = "engine_error") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class EngineUnreachable(EngineError):
    """Nothing answers, or the connection broke in the middle of an answer: worth another try."""


class EngineBusy(EngineError):
    """The engine's queue is full, or its memory for the moment; ask again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float, code: str = "queue_full") -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class PromptTooLong(EngineError):
    """The prompt has `tokens`, the model reads at most `limit`; both None when the server gave no numbers."""

    def __init__(self, message: str, *, tokens: int | None, limit: int | None) -> None:
        super().__init__(message, code="context_length_exceeded")
        self.tokens = tokens
        self.limit = limit


class ModelMissing(EngineError):
    """The engine cannot find the model's files."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an answer. `finish_reason` is stop, length or cancelled."""

    finish_reason: str
    prompt_tokens: int
    output_tokens: int


@cache
def _certificates() -> ssl.SSLContext:
    """Whom https trusts. Reading them takes longer than many an answer."""
    return httpx.create_ssl_context(trust_env=False)


class EngineClient:
    """One connection pool. Use it as an async context manager, or call `close`."""

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        self.url = url or settings.ENGINE_URL
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key if key is not None else settings.ENGINE_KEY}"},
            timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=32, keepalive_expiry=_IDLE_SECONDS
            ),
            trust_env=False,
            verify=_certificates(),
        )

    async def __aenter__(self) -> EngineClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def health(self) -> EngineHealth:
        """Raises EngineUnreachable."""
        async with _typed_errors():
            response = await self._http.get("/health", timeout=_HEALTH_SECONDS)
        if response.status_code != 200:
            raise EngineUnreachable(f"The engine answered {response.status_code} when asked for its health.")
        return EngineHealth.model_validate_json(response.content)

    async def classify(self, *, model: str, text: str) -> ClassifyResponse:
        """Labels, highest score first, and how many tokens were read. Raises as `chat` does."""
        async with _typed_errors():
            response = await self._http.post(
                "/classify", json=ClassifyRequest(model=model, input=text).model_dump()
            )
        if response.status_code != 200:
            raise _refusal(response, response.content)
        return ClassifyResponse.model_validate_json(response.content)

    async def chat(
        self, *, model: str, messages: list[PromptMessage], sampling: Sampling
    ) -> AsyncGenerator[Text | Done]:
        """Yield pieces of the answer, then one Done. Closing the iterator cancels the request at the engine.

        Raises EngineUnreachable (also when the stream breaks off), EngineBusy, PromptTooLong, ModelMissing, EngineError.
        """
        body = {"messages": [message.model_dump() for message in messages]}
        async for event in self._stream("/v1/chat/completions", model, body, sampling):
            yield event

    async def complete(self, *, model: str, prompt: str, sampling: Sampling) -> AsyncGenerator[Text | Done]:
        """As `chat`, for a bare text."""
        async for event in self._stream("/v1/completions", model, {"prompt": prompt}, sampling):
            yield event

    @asynccontextmanager
    async def _opened(self, path: str, body: dict[str, Any]) -> AsyncIterator[httpx.Response]:
        """Send a question, once more if its connection broke before anything came back.

        The engine closes unused connections, those that are taken up at that moment included, and after it was
        suspended all that it was asked on meanwhile.
        """
        async with AsyncExitStack() as stack:
            try:
                response = await stack.enter_async_context(self._http.stream("POST", path, json=body))
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                response = await stack.enter_async_context(self._http.stream("POST", path, json=body))
            yield response

    @asynccontextmanager
    async def _events(
        self, path: str, body: dict[str, Any]
    ) -> AsyncIterator[AsyncGenerator[ServerSentEvent]]:
        async with self._opened(path, body) as response:
            if response.status_code != 200:
                raise _refusal(response, await response.aread())
            async with aclosing(EventSource(response).aiter_sse()) as events:
                yield events

    async def _stream(
        self, path: str, model: str, body: dict[str, Any], sampling: Sampling
    ) -> AsyncGenerator[Text | Done]:
        body |= {"model": model, "stream": True, "stream_options": {"include_usage": True}}
        body |= sampling.model_dump(exclude_none=True)
        finish_reason = ""
        usage: dict[str, Any] = {}
        async with _typed_errors(), self._events(path, body) as events:
            async for event in events:
                if event.data == "[DONE]":
                    await _read_to_end(events)
                    yield Done(
                        finish_reason or "stop",
                        int(usage.get("prompt_tokens", 0)),
                        int(usage.get("completion_tokens", 0)),
                    )
                    return
                chunk = json.loads(event.data)
                if "error" in chunk:
                    raise _error_of(chunk["error"], retry_after=1.0)
                usage = chunk.get("usage") or usage
                for choice in chunk.get("choices", ()):
                    finish_reason = choice.get("finish_reason") or finish_reason
                    text = choice.get("text") or (choice.get("delta") or {}).get("content")
                    if text:
                        # A byte-level model may say NUL, which Postgres does not store.
                        yield Text(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))
        raise EngineUnreachable("The engine ended its answer in the middle.")


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, EngineClient] = WeakKeyDictionary()


def shared_client() -> EngineClient:
    """The client of the running event loop, which lives as long as the loop: do not close it.

    A connection belongs to its loop, and /v1 would otherwise open a new one for every question.
    """
    loop = asyncio.get_running_loop()
    client = _shared.get(loop)
    if client is None or client.url != settings.ENGINE_URL:
        client = _shared[loop] = EngineClient()
    return client


async def _read_to_end(events: AsyncIterator[ServerSentEvent]) -> None:
    """Read the end of a finished answer: only then is its connection used again."""
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            async for _event in events:
                pass


@asynccontextmanager
async def _typed_errors() -> AsyncIterator[None]:
    try:
        yield
    except (json.JSONDecodeError, ValidationError, SSEError) as error:
        raise EngineError("What answers at the engine's address does not speak its protocol.") from error
    except httpx.HTTPError as error:
        raise EngineUnreachable(f"The engine does not answer ({type(error).__name__}).") from error


def _refusal(response: httpx.Response, body: bytes) -> EngineError:
    try:
        error = json.loads(body)["error"]
        details = error if isinstance(error, dict) else {"message": str(error)}
    except (ValueError, KeyError, TypeError):
        details = {"message": f"The engine answered {response.status_code}."}
        if response.status_code >= 500:
            return EngineUnreachable(details["message"])
    if response.status_code == 503 and details.get("code") == "engine_error":
        return EngineUnreachable(str(details.get("message") or ""))
    if response.status_code == 429:
        details.setdefault("code", "queue_full")
    try:
        retry_after = float(response.headers.get("retry-after", 1))
    except ValueError:
        retry_after = 1.0
    return _error_of(details, retry_after=retry_after)


def _error_of(details: dict[str, Any], *, retry_after: float) -> EngineError:
    code, message = str(details.get("code") or "engine_error"), str(details.get("message") or "")
    if code in ("queue_full", "out_of_memory"):
        return EngineBusy(message, retry_after=retry_after, code=code)
    if code == "context_length_exceeded":
        numbers = [int(number) for number in re.findall(r"\d+", message)]
        tokens, limit = (numbers[0], numbers[1]) if len(numbers) > 1 else (None, None)
        return PromptTooLong(message, tokens=tokens, limit=limit)
    if code == "model_not_found":
        return ModelMissing(message, code=code)
    return EngineError(message, code=code)
