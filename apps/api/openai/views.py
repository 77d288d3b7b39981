"""POST /v1/chat/completions and /v1/completions, GET /v1/models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from apps.api.openai.access import Caller, key_refused
from apps.api.openai.endpoint import endpoint
from apps.api.openai.errors import ApiError, from_engine
from apps.api.openai.metering import Meter
from apps.api.openai.reading import Request, read_body
from apps.api.openai.schemas import ChatRequest, CompletionRequest, GenerationRequest
from apps.api.openai.streams import Events, Labelled, begin, respond, usage_of
from apps.publishing.models import AppVersion
from apps.serving.client import Done, EngineClient, EngineError, Text, shared_client
from apps.workspaces.access.live_access import SILENCE_SECONDS, WayClosed, while_open
from workers.contracts.engine import Sampling
from workers.contracts.families import Family
from workers.contracts.openai import Answer, Whole


@endpoint("GET")
async def models(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The one model that the key opens."""
    is_published = caller.app.live_version is not None and caller.app.archived_at is None
    data = [_model_json(caller)] if is_published else []
    return JsonResponse({"object": "list", "data": data})


@endpoint("GET", values="slug")
async def model(request: HttpRequest, caller: Caller, slug: str) -> HttpResponse:
    """The same one by its name."""
    caller.require_named(slug)
    await sync_to_async(lambda: caller.version)()
    return JsonResponse(_model_json(caller))


def _model_json(caller: Caller) -> dict[str, Any]:
    created = int(caller.app.created_at.timestamp())
    return {"id": caller.app.slug, "object": "model", "created": created, "owned_by": "maquette"}


@endpoint("POST")
async def chat_completions(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    body = await _admitted(request, caller, ChatRequest)
    version = caller.version
    model = version.model_version
    if Family(model.family).has_labels:
        return await _answered(body, caller, [_labelled(caller, body.messages[-1].prompt().content)])
    messages, sampling = body.prompt(version), body.sampling(version)
    meter = Meter(caller, "\n".join(message.content for message in messages), _longest(sampling, version))
    events = _with_client(
        caller,
        meter,
        lambda client: client.chat(model=model.storage_key, messages=messages, sampling=sampling),
    )
    return await _answered(body, caller, [events])


@endpoint("POST")
async def completions(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    body = await _admitted(request, caller, CompletionRequest)
    if body.stream and len(body.prompts) > 1:
        message = _("One prompt at a time can be streamed. Send one, or leave `stream` out.")
        raise ApiError(400, "unsupported_value", message, param="stream")
    for _prompt in body.prompts[1:]:
        await sync_to_async(caller.take_turn)()
    version = caller.version
    model = version.model_version
    if Family(model.family).has_labels:
        return await _answered(body, caller, [_labelled(caller, prompt) for prompt in body.prompts])
    sampling = body.sampling(version)

    def answer(prompt: str) -> Events:
        meter = Meter(caller, prompt, _longest(sampling, version))
        return _with_client(
            caller,
            meter,
            lambda client: client.complete(model=model.storage_key, prompt=prompt, sampling=sampling),
        )

    return await _answered(body, caller, [answer(prompt) for prompt in body.prompts])


async def _admitted(request: HttpRequest, caller: Caller, schema: type[Request]) -> Request:
    """What is asked. The key comes first: a stranger learns nothing about the body. Raises ApiError."""
    caller.require_asking()
    body = read_body(request, schema)
    request.rate_headers = await sync_to_async(caller.require)(body.model)  # type: ignore[attr-defined]
    return body


def _longest(sampling: Sampling, version: AppVersion) -> int:
    """The most tokens that the answer may have."""
    return sampling.max_tokens or version.kind.longest_answer(version.settings)


async def _answered(body: GenerationRequest, caller: Caller, asked: Sequence[Events]) -> HttpResponseBase:
    answer = Answer(chat=isinstance(body, ChatRequest), model=caller.app.slug)
    try:
        if not body.stream:
            return JsonResponse(answer.whole(await _together([_whole(events) for events in asked])))
        (events,) = asked
        return respond(answer, await begin(events), events, wants_usage=body.wants_usage)
    except EngineError as error:
        raise from_engine(error, answer.prompt_field) from error


async def _together(answers: Sequence[Coroutine[Any, Any, Whole]]) -> list[Whole]:
    """All of them, in order. The first error, or a caller who goes away, ends the others too."""
    tasks = [asyncio.ensure_future(answer) for answer in answers]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _with_client(
    caller: Caller, meter: Meter, ask: Callable[[EngineClient], AsyncGenerator[Text | Done]]
) -> Events:
    """The engine's events; the stream closes with the generator, and that cancels the request there.

    Raises ApiError: 429 when the workspace has no tokens left for it, 401 when the key stops opening the app meanwhile.
    """
    async with meter:
        open_events = while_open(ask(shared_client()), caller.groups, caller.is_open, silence=SILENCE_SECONDS)
        try:
            async with aclosing(open_events) as events:
                async for event in events:
                    if event is not None:
                        meter.hear(event)
                    yield event
        except WayClosed as error:
            raise key_refused() from error


async def _whole(events: Events) -> Whole:
    text, labels = "", None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Done):
                return Whole(text, event.finish_reason, usage_of(event), labels)
            if isinstance(event, Labelled):
                labels = event.labels
            if event is not None:
                text += event.text
    raise EngineError("The engine ended its answer without an end.")


async def _labelled(caller: Caller, text: str) -> Events:
    """A classifier answers with the name of its best label; all of them lie in `labels` of the choice."""
    async with Meter(caller, text, 0) as meter:
        found = await shared_client().classify(model=caller.version.model_version.storage_key, text=text)
        meter.read(found.prompt_tokens)
    yield Labelled(found.labels[0].label, [label.model_dump() for label in found.labels])
    yield Done("stop", found.prompt_tokens, 0)
