"""Writes one reply's token log: frames at a steady pace, nothing lost when Redis goes away for a moment."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from uuid import UUID

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from apps.publishing import token_log
from apps.publishing.connections import AsyncRedis
from apps.publishing.token_log import Entry, Kind

FRAME_SECONDS = 0.045
"""Shortest time between two frames of text."""
_RECONNECT_SECONDS = 0.3


class LogWriter:
    """Holds all entries, so that those that Redis lost, or forgot when it was emptied, can be written again."""

    def __init__(
        self, connection: AsyncRedis, reply: UUID | str, entries: list[Entry], last_seq: int = 0
    ) -> None:
        self._connection = connection
        self._reply = reply
        self._entries = entries
        self._last_seq = entries[-1].seq if entries else last_seq
        self._state = next((e.data for e in reversed(entries) if e.kind == "state"), None)
        self._buffer = ""
        self._filled = asyncio.Event()
        self._writing = asyncio.Lock()
        self._failure: BaseException | None = None
        self._pacer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, connection: AsyncRedis, reply: UUID | str) -> LogWriter:
        """Go on where the log ends; it may have been begun by another streamer."""
        entries = await token_log.read(connection, reply)
        if entries and entries[0].seq > 1 and entries[-1].kind != "end":
            # Redis was emptied, and who could have written the beginning again is gone: what is left is no beginning.
            return cls(connection, reply, [], entries[-1].seq)
        return cls(connection, reply, entries)

    @property
    def text(self) -> str:
        """All that was said so far, frames not yet written included."""
        return "".join(e.data["text"] for e in self._entries if e.kind == "text") + self._buffer

    @property
    def is_ended(self) -> bool:
        return bool(self._entries) and self._entries[-1].kind == "end"

    async def __aenter__(self) -> LogWriter:
        self._pacer = asyncio.create_task(self._pace())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pacer:
            self._pacer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pacer

    def add(self, text: str) -> None:
        """Say something; it is written within FRAME_SECONDS. Raises LostReply when another streamer went on."""
        if self._failure:
            raise self._failure
        self._buffer += text
        self._filled.set()

    async def _pace(self) -> None:
        while True:
            await self._filled.wait()
            try:
                await self.flush()
            except Exception as error:
                self._failure = error
                return
            await asyncio.sleep(FRAME_SECONDS)

    async def flush(self) -> None:
        """Write what was added. Raises LostReply."""
        async with self._writing:
            text, self._buffer = self._buffer, ""
            self._filled.clear()
            if text:
                await self._write("text", {"text": text})

    async def state(self, state: str, **details: Any) -> None:
        """Say what the visitor is waiting for, unless the log says so already. Raises LostReply."""
        data = {"state": state, **details}
        if data != self._state:
            self._state = data
            await self.flush()
            async with self._writing:
                await self._write("state", data)

    async def end(self, data: dict[str, Any]) -> None:
        """Raises LostReply."""
        await self.flush()
        async with self._writing:
            await self._write("end", data)

    async def _write(self, kind: Kind, data: dict[str, Any]) -> None:
        self._last_seq += 1
        self._entries.append(Entry(self._last_seq, kind, data))
        try:
            length = await token_log.append(self._connection, self._reply, self._entries[-1])
            if length < len(self._entries):
                await token_log.rewrite(self._connection, self._reply, self._entries)
        except (RedisConnectionError, RedisTimeoutError):
            await self._write_missing()

    async def _write_missing(self) -> None:
        """After a Redis failure: an entry may have arrived without our hearing so, and older ones may be lost."""
        while True:
            await asyncio.sleep(_RECONNECT_SECONDS)
            try:
                last = await token_log.last_seq(self._connection, self._reply)
                for entry in self._entries:
                    if entry.seq > last:
                        await token_log.append(self._connection, self._reply, entry)
            except (RedisConnectionError, RedisTimeoutError):
                continue
            return
