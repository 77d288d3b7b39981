"""The client that asks the engine, against servers that close connections at the worst moment."""

import asyncio
import json

import pytest

from apps.serving.client import Done, EngineClient, EngineError, EngineUnreachable, Text
from workers.contracts.engine import Sampling

PIECES = [{"choices": [{"text": "Hello"}]}, {"choices": [{"finish_reason": "stop"}]}]
BODY = "".join(f"data: {json.dumps(piece)}\n\n" for piece in PIECES) + "data: [DONE]\n\n"
ANSWER = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(BODY)}\r\n\r\n{BODY}".encode()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return await reader.readexactly(length)


async def _ask(client: EngineClient) -> str:
    events = [event async for event in client.complete(model="m", prompt="Hi", sampling=Sampling())]
    assert isinstance(events[-1], Done)
    return "".join(event.text for event in events if isinstance(event, Text))


async def test_a_question_on_a_connection_that_the_engine_closes_is_asked_again() -> None:
    """The engine answers once on each connection, and hangs up on what is asked next on it."""
    asked: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = len(set(asked)) + 1
        asked.append(connection)
        await _read_request(reader)
        writer.write(ANSWER)
        await writer.drain()
        await _read_request(reader)
        asked.append(connection)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, EngineClient(f"http://127.0.0.1:{port}", "key") as client:
        assert [await _ask(client) for _ in range(3)] == ["Hello"] * 3
    assert asked == [1, 1, 2, 2, 3]


@pytest.mark.parametrize("begins", [b"", ANSWER[:-20]], ids=["before its answer", "in its answer"])
async def test_an_engine_that_always_hangs_up_is_asked_twice_at_most(begins) -> None:
    """And once only when a part of the answer has come: it would be shown twice."""
    asked = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await _read_request(reader))
        writer.write(begins)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, EngineClient(f"http://127.0.0.1:{port}", "key") as client:
        with pytest.raises(EngineUnreachable):
            await _ask(client)
    assert len(asked) == (1 if begins else 2)


async def test_an_answer_may_contain_any_character_that_ends_a_line_elsewhere() -> None:
    said = "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\r\nh\ri"
    events = json.dumps({"choices": [{"text": said}]}, ensure_ascii=False)
    body = f": comment\n\ndata: {events}\n\ndata: [DONE]\n\n".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, EngineClient(f"http://127.0.0.1:{port}", "key") as client:
        assert await _ask(client) == said


async def test_a_server_that_sends_no_events_does_not_speak_the_protocol() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nHi")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, EngineClient(f"http://127.0.0.1:{port}", "key") as client:
        with pytest.raises(EngineError, match="does not speak its protocol"):
            await _ask(client)
