"""Server-sent events as readers understand them."""

import httpx
from httpx_sse import EventSource

from apps.core.event_streams import COMMENT, event_bytes


def test_a_reader_finds_the_events_and_skips_comments() -> None:
    data = {"text": "one\ntwo\r\n\u2028three"}
    body = COMMENT + event_bytes(data, id=7) + COMMENT + event_bytes("[DONE]")
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    # httpx-sse yields an empty event for a comment that follows an id; browsers do not.
    first, last = (event for event in EventSource(response).iter_sse() if event.data)
    assert (first.json(), first.id) == (data, "7")
    assert last.data == "[DONE]"
