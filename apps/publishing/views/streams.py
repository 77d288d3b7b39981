"""Replies as server-sent events, for browsers whose sockets are blocked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import get_language, override
from django.views.decorators.http import require_GET

from apps.core.database import database_call_anywhere
from apps.core.event_streams import COMMENT, event_bytes, event_response
from apps.jobs.views import sequence_number
from apps.publishing import socket_messages
from apps.publishing.entrance import Entrance
from apps.publishing.fanout import fanout
from apps.publishing.models import Message
from apps.publishing.views.public import enter
from apps.workspaces.access import live_access


@require_GET
async def stream(
    request: HttpRequest,
    message_id: UUID,
    token: str | None = None,
    app_id: UUID | None = None,
    in_frame: bool = False,
) -> HttpResponseBase:
    """A reply as server-sent events, where sockets are blocked; `Last-Event-ID` or ?after= says where to go on."""

    @sync_to_async
    def find() -> tuple[Entrance, Message | None]:
        entrance = enter(request, token, app_id, in_frame)
        return entrance, entrance.message(str(message_id))

    entrance, message = await find()
    if message is None:
        raise Http404
    after = sequence_number(request.headers.get("Last-Event-ID") or request.GET.get("after", ""))
    events = _events(entrance, message, after, get_language() or "en")
    response = event_response(events)
    response["Referrer-Policy"] = "no-referrer"
    return response


async def _events(entrance: Entrance, message: Message, after: int, language: str) -> AsyncGenerator[bytes]:
    """The reply, until it ends or the way in through which it was asked for closes."""
    try:
        async for event in live_access.while_open(
            _told(message, after, language),
            entrance.groups,
            entrance.is_open,
            silence=live_access.SILENCE_SECONDS,
        ):
            yield COMMENT if event is None else event
    except live_access.WayClosed:
        reason = await database_call_anywhere(entrance.closed_because)()
        with override(language):
            told = socket_messages.closed_json(reason or "closed")
        yield event_bytes(told, id=0)


async def _told(message: Message, after: int, language: str) -> AsyncGenerator[bytes]:
    reply = str(message.pk)
    if message.is_ended:
        with override(language):
            stored = {"type": "message", "message": reply, "stored": socket_messages.message_json(message)}
        yield event_bytes(stored, id=0)
        return
    async with fanout().follow(reply, after=after) as entries:
        async for entry in entries:
            yield event_bytes(socket_messages.entry_json(reply, entry, language), id=entry.seq)
