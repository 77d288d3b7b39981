"""Answers as server-sent events, which begin within seconds also where the engine says nothing yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse

from apps.api.openai.errors import ApiError, from_engine, of_outage
from apps.core.database import outlive_request
from apps.core.event_streams import COMMENT, event_bytes, event_response
from apps.core.outages import outage_of
from apps.serving.client import Done, EngineError, Text
from apps.workspaces.access.live_access import SILENCE_SECONDS
from workers.contracts.openai import Answer, Usage


@dataclass(frozen=True, slots=True)
class Labelled:
    """All that a classifier says: its best label as the text, and what it thinks of each."""

    text: str
    labels: list[dict[str, Any]]


Event = Text | Labelled | Done
Events = AsyncGenerator[Event | None]
"""What the engine says, in order, ending with Done; None where it said nothing for SILENCE_SECONDS."""


async def begin(events: Events) -> asyncio.Future[Event | None]:
    """The first event, waited for as long as a client waits for headers. Raises what the engine refuses by then: so it
    gets its HTTP status."""

    async def following() -> Event | None:
        return await anext(events)

    first = outlive_request(following)
    try:
        await asyncio.wait({first}, timeout=SILENCE_SECONDS)
        if first.done():
            first.result()
    except BaseException:
        await _end(first, events)
        raise
    return first


async def _end(first: asyncio.Future[Event | None], events: Events) -> None:
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await events.aclose()


def respond(
    answer: Answer, first: asyncio.Future[Event | None], events: Events, *, wants_usage: bool
) -> StreamingHttpResponse:
    """Server-sent events that no proxy keeps back."""
    return event_response(_lines(answer, first, events, wants_usage))


async def _lines(
    answer: Answer, first: asyncio.Future[Event | None], events: Events, wants_usage: bool
) -> AsyncGenerator[bytes]:
    """The closing [DONE] included. An error on the way is one event, as OpenAI's are."""
    try:
        async for line in _told(answer, first, events, wants_usage):
            yield line
    except EngineError as error:
        yield event_bytes(from_engine(error, answer.prompt_field).body())
    except ApiError as error:
        yield event_bytes(error.body())
    except Exception as error:
        if not (outage := outage_of(error)):
            raise
        yield event_bytes(of_outage(outage).body())
    finally:
        await _end(first, events)


async def _told(
    answer: Answer, first: asyncio.Future[Event | None], events: Events, wants_usage: bool
) -> AsyncGenerator[bytes]:
    has_begun = False
    async for event in _following(first, events):
        if event is None:
            yield COMMENT
            continue
        if not has_begun:
            has_begun = True
            yield event_bytes(answer.chunk(""))
        if isinstance(event, Done):
            yield event_bytes(answer.chunk(None, finish_reason=event.finish_reason))
            if wants_usage:
                yield event_bytes(answer.usage_chunk(usage_of(event)))
            yield event_bytes("[DONE]")
            return
        labels = event.labels if isinstance(event, Labelled) else None
        yield event_bytes(answer.chunk(event.text, labels=labels))


def usage_of(end: Done) -> Usage:
    return Usage(prompt_tokens=end.prompt_tokens, completion_tokens=end.output_tokens)


async def _following(first: asyncio.Future[Event | None], events: Events) -> Events:
    """`first`, for which the caller has waited already, then the others."""
    while not first.done():
        yield None
        await asyncio.wait({first}, timeout=SILENCE_SECONDS)
    yield first.result()
    async for event in events:
        yield event
