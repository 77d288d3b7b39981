"""Server-sent events: the format of an event, and a response that no proxy holds back."""

import json
from collections.abc import AsyncIterable
from typing import Any

from django.http import StreamingHttpResponse

COMMENT = b": still there\n\n"
"""Readers skip it. It keeps clients and proxies from giving up on a stream that is silent."""


def event_bytes(data: dict[str, Any] | str, *, id: int | None = None) -> bytes:
    """One event. A dictionary becomes JSON; a string must not contain a line break."""
    text = data if isinstance(data, str) else json.dumps(data)
    number = "" if id is None else f"id: {id}\n"
    return f"{number}data: {text}\n\n".encode()


def event_response(events: AsyncIterable[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    # nginx would collect the events otherwise.
    response["X-Accel-Buffering"] = "no"
    return response
