"""POST /v1/chat/completions and /v1/completions, GET /v1/models."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError

from apps.api.openai.access import Caller, caller_of, key_refused
from apps.api.openai.errors import ApiError, from_engine, redis_away
from apps.api.openai.metering import Meter
from apps.api.openai.schemas import (
    CANNOT,
    Answer,
    ChatRequest,
    CompletionRequest,
    GenerationRequest,
    Whole,
    field_of,
    usage,
)
from apps.core.database import is_unavailable
from apps.core.redis import AWAY
from apps.publishing.models import AppVersion
from apps.serving.client import Done, EngineClient, EngineError, Text
from apps.workspaces.ways import WayClosed, while_open
from workers.contracts.engine import Sampling
from workers.contracts.task_types import Family

logger = logging.getLogger(__name__)

Request = TypeVar("Request", bound=GenerationRequest)
AsyncView = Callable[..., Any]
Events = AsyncGenerator[Text | Done]


def endpoint(method: str) -> Callable[[AsyncView], AsyncView]:
    """Errors in OpenAI's shape, for one method; no cookies, so no CSRF."""

    def decorate(view: AsyncView) -> AsyncView:
        @csrf_exempt
        @wraps(view)
        async def wrapped(request: HttpRequest, **values: str) -> HttpResponseBase:
            try:
                if request.method != method:
                    refusal = ApiError(405, "method_not_allowed", _("Use %(method)s.") % {"method": method})
                    refused = refusal.response()
                    refused["Allow"] = method
                    return refused
                return await view(request, **values)  # type: ignore[no-any-return]
            except ApiError as error:
                return error.response()
            except EngineError as error:
                return from_engine(error).response()
            except AWAY as error:
                logger.error("Redis does not answer (%s): a request was refused", type(error).__name__)
                return redis_away().response()
            except DatabaseError as error:
                if not is_unavailable(error):
                    raise
                logger.error("The database does not answer (%s): a request was refused", error)
                return redis_away().response()

        return wrapped

    return decorate


@endpoint("GET")
async def models(request: HttpRequest) -> HttpResponse:
    """The one model that the key opens."""
    caller = await sync_to_async(caller_of)(request)
    is_published = caller.app.live_version is not None and caller.app.archived_at is None
    data = [_model_json(caller)] if is_published else []
    return JsonResponse({"object": "list", "data": data})


@endpoint("GET")
async def model(request: HttpRequest, slug: str) -> HttpResponse:
    """The same one by its name."""
    caller = await sync_to_async(caller_of)(request)
    caller.require_named(slug)
    await sync_to_async(lambda: caller.version)()
    return JsonResponse(_model_json(caller))


def _model_json(caller: Caller) -> dict[str, Any]:
    created = int(caller.app.created_at.timestamp())
    return {"id": caller.app.slug, "object": "model", "created": created, "owned_by": "maquette"}


@endpoint("POST")
async def chat_completions(request: HttpRequest) -> HttpResponseBase:
    caller, body = await _admitted(request, ChatRequest)
    version = caller.version
    model = version.model_version
    if model.family == Family.CLASSIFIER:
        return await _classified(caller, [body.messages[-1].prompt().content], body)
    messages, sampling = body.prompt(version), body.sampling(version)
    meter = Meter(caller, "\n".join(message.content for message in messages), _longest(sampling, version))
    events = _with_client(
        caller,
        meter,
        lambda client: client.chat(model=model.storage_key, messages=messages, sampling=sampling),
    )
    return await _answered(body, caller, [events])


@endpoint("POST")
async def completions(request: HttpRequest) -> HttpResponseBase:
    caller, body = await _admitted(request, CompletionRequest)
    if body.stream and len(body.prompts) > 1:
        message = _("One prompt at a time can be streamed. Send one, or leave `stream` out.")
        raise ApiError(400, "unsupported_value", message, param="stream")
    for _prompt in body.prompts[1:]:
        await sync_to_async(caller.take_turn)()
    version = caller.version
    model = version.model_version
    if model.family == Family.CLASSIFIER:
        return await _classified(caller, body.prompts, body)
    sampling = body.sampling(version)

    def answer(prompt: str) -> Events:
        meter = Meter(caller, prompt, _longest(sampling, version))
        return _with_client(
            caller,
            meter,
            lambda client: client.complete(model=model.storage_key, prompt=prompt, sampling=sampling),
        )

    return await _answered(body, caller, [answer(prompt) for prompt in body.prompts])


async def _admitted(request: HttpRequest, schema: type[Request]) -> tuple[Caller, Request]:
    """Who asks, and what. The key comes first: a stranger learns nothing about the body. Raises ApiError."""
    caller = await sync_to_async(caller_of)(request)
    body = _read(request, schema)
    await sync_to_async(caller.require)(body.model)
    return caller, body


def _longest(sampling: Sampling, version: AppVersion) -> int:
    """The most tokens that the answer may have."""
    return version.max_tokens if sampling.max_tokens is None else sampling.max_tokens


def _read(request: HttpRequest, schema: type[Request]) -> Request:
    """Raises ApiError (400) that names the field, or 413."""
    try:
        return schema.model_validate_json(request.body)
    except RequestDataTooBig as error:
        limit = {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20}
        message = _("This is larger than %(limit)d MB, the limit here.") % limit
        raise ApiError(413, "too_large", message) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = field_of(first["loc"])
        if first["loc"][:1] and first["loc"][0] in CANNOT:
            message = _("%(field)s: the models here cannot do this. Leave it out.") % {"field": where}
            raise ApiError(400, "unsupported_value", message, param=where) from error
        message = f"{where}: {first['msg']}" if where else first["msg"]
        raise ApiError(400, "invalid_request", message, param=where or None) from error


async def _answered(body: GenerationRequest, caller: Caller, asked: Sequence[Events]) -> HttpResponseBase:
    answer = Answer(chat=isinstance(body, ChatRequest), model=caller.app.slug)
    if not body.stream:
        return JsonResponse(answer.whole(await _together([_whole(events) for events in asked])))
    (events,) = asked
    # What fails before the first piece still gets its HTTP status.
    first = await anext(events)
    return _stream(_lines(answer, first, events, body.wants_usage))


async def _together(answers: Sequence[Coroutine[Any, Any, Whole]]) -> list[Whole]:
    """All of them, in order. The first error, or a caller who goes away, ends the others too."""
    tasks = [asyncio.ensure_future(answer) for answer in answers]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _stream(lines: AsyncGenerator[bytes]) -> StreamingHttpResponse:
    """Server-sent events that no proxy keeps back."""
    response = StreamingHttpResponse(lines, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def _with_client(caller: Caller, meter: Meter, ask: Callable[[EngineClient], Events]) -> Events:
    """The engine's events; its connection closes with the generator, and that cancels the request there.

    Raises ApiError: 429 when the workspace has no tokens left for it, 401 when the key stops opening the app meanwhile.
    """
    async with meter, EngineClient() as client:
        open_events = while_open(ask(client), caller.groups, caller.is_open)
        try:
            async with aclosing(open_events) as events:
                async for event in events:
                    meter.hear(event)
                    yield event
        except WayClosed as error:
            raise key_refused() from error


async def _whole(events: Events) -> Whole:
    text = ""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Text):
                text += event.text
            else:
                return Whole(text, event.finish_reason, event.prompt_tokens, event.output_tokens)
    raise EngineError("The engine ended its answer without an end.")


async def _lines(
    answer: Answer, event: Text | Done, events: Events, wants_usage: bool
) -> AsyncGenerator[bytes]:
    """Server-sent events, the closing [DONE] included. An error on the way is one event, as OpenAI's are."""
    async with aclosing(events):
        yield _line(answer.chunk("", first=True))
        try:
            while isinstance(event, Text):
                yield _line(answer.chunk(event.text))
                event = await anext(events)
        except EngineError as error:
            yield _line(from_engine(error).body())
            return
        except ApiError as error:
            yield _line(error.body())
            return
        except AWAY:
            yield _line(redis_away().body())
            return
        yield _line(answer.chunk(None, finish_reason=event.finish_reason))
        if wants_usage:
            yield _line(answer.usage_chunk(usage(event.prompt_tokens, event.output_tokens)))
        yield b"data: [DONE]\n\n"


def _line(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


async def _classified(caller: Caller, texts: Sequence[str], body: GenerationRequest) -> HttpResponseBase:
    """A classifier answers with the name of its best label; all of them lie in `labels` of the choice."""
    found = await _together([_labelled(caller, text) for text in texts])
    answer = Answer(chat=isinstance(body, ChatRequest), model=caller.app.slug)
    if not body.stream:
        return JsonResponse(answer.whole(found))
    (best,) = found

    async def events() -> Events:
        yield Done("stop", best.prompt_tokens, 0)

    return _stream(_lines(answer, Text(best.text), events(), body.wants_usage))


async def _labelled(caller: Caller, text: str) -> Whole:
    async with Meter(caller, text, 0) as meter, EngineClient() as client:
        found = await client.classify(model=caller.version.model_version.storage_key, text=text)
        meter.read(found.prompt_tokens)
    labels = [label.model_dump() for label in found.labels]
    return Whole(found.labels[0].label, "stop", found.prompt_tokens, 0, labels)
