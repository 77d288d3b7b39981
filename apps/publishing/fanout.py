"""Follows every live token log of this process with one blocking XREAD, and hands entries to its listeners."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from apps.publishing import token_log
from apps.publishing.connections import AsyncRedis, async_redis
from apps.publishing.token_log import Entry

logger = logging.getLogger(__name__)

_BLOCK_MS = 10_000
_RETRY_SECONDS = 0.3
_WAKE_SECONDS = 60
_HIGHEST_SEQ = 1 << 62


@dataclass
class _Followed:
    """A log that is being read: where the next read begins, and the queues of those who listen."""

    position: int
    listeners: set[asyncio.Queue[Entry]] = field(default_factory=set)


class Fanout:
    """One per event loop; get it from `fanout()`."""

    def __init__(self, connection: AsyncRedis) -> None:
        self._redis = connection
        self._logs: dict[str, _Followed] = {}
        self._wake_key = f"fanout:{uuid.uuid4()}"
        self._woken = "0"
        self._reader: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def follow(self, reply: str, *, after: int = 0) -> AsyncIterator[AsyncIterator[Entry]]:
        """Entries above `after`: those that are there, then those that come, in order, once, until the end."""
        # All logs are read by one command: a number that Redis does not take would end the reading for everybody.
        after = min(max(after, 0), _HIGHEST_SEQ)
        queue: asyncio.Queue[Entry] = asyncio.Queue()
        followed = self._logs.get(reply)
        # A listener that joins late must be registered before it reads what is there: what is written in
        # between then comes twice, and is told apart by its number, rather than not at all.
        backlog_needed = followed is not None
        if followed is None:
            followed = self._logs[reply] = _Followed(position=after)
        followed.listeners.add(queue)
        try:
            backlog = await token_log.read(self._redis, reply, after=after) if backlog_needed else []
            await self._wake_reader()
            yield self._entries(queue, backlog, after)
        finally:
            followed.listeners.discard(queue)
            if not followed.listeners and self._logs.get(reply) is followed:
                del self._logs[reply]

    async def _entries(
        self, queue: asyncio.Queue[Entry], backlog: list[Entry], last: int
    ) -> AsyncIterator[Entry]:
        for entry in backlog:
            last = entry.seq
            yield entry
            if entry.kind == "end":
                return
        while True:
            entry = await queue.get()
            if entry.seq > last:
                last = entry.seq
                yield entry
                if entry.kind == "end":
                    return

    async def _wake_reader(self) -> None:
        """Make the blocking read return, so that it includes the log that was added."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_forever())
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.xadd(self._wake_key, {"wake": "1"}, maxlen=1)
        pipeline.expire(self._wake_key, _WAKE_SECONDS)
        await pipeline.execute()

    async def _read_forever(self) -> None:
        while self._logs:
            try:
                await self._read_once()
            except RedisError as error:
                logger.warning("Token logs cannot be read for the moment: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _read_once(self) -> None:
        wanted: dict[str, str] = {self._wake_key: self._woken}
        wanted |= {token_log.key_of(reply): f"{log.position}-0" for reply, log in self._logs.items()}
        for key, entries in await self._redis.xread(wanted, block=_BLOCK_MS) or ():
            if key == self._wake_key:
                self._woken = entries[-1][0]
            else:
                self._hand_out(key, [token_log.parse(raw) for raw in entries])

    def _hand_out(self, key: str, entries: list[Entry]) -> None:
        followed = self._logs.get(key.removeprefix(token_log.key_of("")))
        if followed is None:
            return
        followed.position = entries[-1].seq
        for queue in followed.listeners:
            for entry in entries:
                queue.put_nowait(entry)


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Fanout] = WeakKeyDictionary()


def fanout() -> Fanout:
    """The reader of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _of_loop:
        _of_loop[loop] = Fanout(async_redis())
    return _of_loop[loop]
