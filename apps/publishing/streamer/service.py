"""The streamer's loops: take requests, keep their leases, take over lapsed ones, hear stops, give signs of life.

A lease is the idle time of an entry that the consumer group has given out: XCLAIM to oneself sets it back, and
XAUTOCLAIM takes entries that were not set back for `lease_seconds`. Two streamers that hold the same reply nevertheless
(one was paused) meet in its token log, where only one of them can write.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from redis.exceptions import RedisError, ResponseError

from apps.core.outages import outage_of
from apps.publishing.connections import AsyncRedis
from apps.publishing.reply_queue import GROUP, HEARTBEAT, HELD, REQUESTS, STOPS, ReplyRequest, stop_key
from apps.publishing.states import MessageState
from apps.publishing.streamer import store
from apps.publishing.streamer.log_writer import LogWriter
from apps.publishing.streamer.outcome import Outcome
from apps.publishing.streamer.reply import Patience, Reply
from apps.publishing.streamer.turns import Turns
from apps.publishing.token_log import LostReply
from apps.serving.client import EngineClient

logger = logging.getLogger(__name__)

_BLOCK_MS = 5000
_RETRY_SECONDS = 0.5
_HELD_FOR_EACH = 16
"""How many times its capacity a streamer takes, so that it sees who waits behind a workspace with many visitors."""
_HANDED_OVER_AT_ONCE = 1000


@dataclass
class _Held:
    """An entry of the request stream that is this streamer's; until its turn comes it has no task."""

    fields: dict[str, str]
    task: asyncio.Task[None] | None = field(default=None)
    running: Reply | None = field(default=None)

    @property
    def reply(self) -> str:
        return self.fields["reply"]

    @property
    def workspace(self) -> str:
        return self.fields.get("workspace", "")


class Streamer:
    """Answers until `stop` is set, then hands over what it has not finished."""

    def __init__(
        self,
        *,
        name: str,
        connection: AsyncRedis,
        engine: EngineClient,
        capacity: int = 256,
        lease_seconds: float = 15,
        sweep_seconds: float = 15,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.stop = asyncio.Event()
        self._redis = connection
        self._engine = engine
        self._lease_seconds = lease_seconds
        self._sweep_seconds = sweep_seconds
        self._patience = patience or Patience()
        self._turns = Turns(capacity)
        self._free = asyncio.Semaphore(capacity * _HELD_FOR_EACH)
        self._held: dict[str, _Held] = {}
        self._stops_from: str | None = None

    async def run(self) -> None:
        """Return after `stop` was set and every unfinished reply is back on the queue."""
        third = self._lease_seconds / 3
        loops = [
            asyncio.create_task(self._forever(self._take_new)),
            asyncio.create_task(self._forever(self._hear_stops)),
            asyncio.create_task(self._forever(self._renew_leases, every=third)),
            asyncio.create_task(self._forever(self._take_over, every=third)),
            asyncio.create_task(self._forever(self._sweep, every=self._sweep_seconds)),
        ]
        logger.info("Streamer %s is ready", self.name)
        try:
            await self.stop.wait()
        finally:
            tasks = [*loops, *(held.task for held in self._held.values() if held.task)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(RedisError):
                await self._hand_over()
                await self._redis.delete(HEARTBEAT + self.name)

    async def _forever(self, step: Callable[[], Awaitable[None]], *, every: float = 0) -> None:
        while True:
            try:
                await step()
                await asyncio.sleep(every)
            except ResponseError as error:
                if "NOGROUP" in str(error):
                    await self._make_group()
                else:
                    logger.exception("Streamer %s failed in %s", self.name, step.__name__)
                    await asyncio.sleep(_RETRY_SECONDS)
            except RedisError as error:
                logger.warning("Streamer %s waits for Redis: %s", self.name, error)
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception:
                logger.exception("Streamer %s failed in %s", self.name, step.__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _make_group(self) -> None:
        """Redis is new, or was emptied. Requests that are on the stream already are ours to answer."""
        try:
            await self._redis.xgroup_create(REQUESTS, GROUP, id="0", mkstream=True)
        except RedisError as error:
            if "BUSYGROUP" not in str(error):
                await asyncio.sleep(_RETRY_SECONDS)

    async def _take_new(self) -> None:
        await self._free.acquire()
        taken = 0
        try:
            streams = await self._redis.xreadgroup(
                GROUP, self.name, {REQUESTS: ">"}, count=1, block=_BLOCK_MS
            )
            for _, entries in streams or ():
                for entry_id, fields in entries:
                    taken += 1
                    self._hold(entry_id, fields)
        finally:
            if not taken:
                self._free.release()

    async def _take_over(self) -> None:
        """Claim entries whose holder has not renewed its lease."""
        _, entries, *_ = await self._redis.xautoclaim(
            REQUESTS, GROUP, self.name, min_idle_time=int(self._lease_seconds * 1000), count=32
        )
        for entry_id, fields in entries:
            if fields and entry_id not in self._held:
                logger.warning("Streamer %s takes over reply %s", self.name, fields.get("reply"))
                await self._free.acquire()
                self._hold(entry_id, fields)

    async def _renew_leases(self) -> None:
        await self._redis.set(HEARTBEAT + self.name, len(self._held), ex=max(2, round(self._lease_seconds)))
        await self._say_what_is_held()
        if self._held:
            await self._redis.xclaim(REQUESTS, GROUP, self.name, 0, list(self._held), justid=True)
        await self._stop_marked()

    async def _stop_marked(self) -> None:
        """Stop what was asked to stop while `_hear_stops` did not listen. In one round trip: thousands may be held."""
        ours = list(self._held.items())
        pipeline = self._redis.pipeline(transaction=False)
        for _, held in ours:
            pipeline.exists(stop_key(held.reply))
        for (entry_id, held), is_marked in zip(ours, await pipeline.execute(), strict=True):
            if is_marked:
                self._stop_reply(entry_id, held)

    async def _say_what_is_held(self) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for held in self._held.values():
            pipeline.set(HELD + held.reply, self.name, ex=max(2, round(self._lease_seconds)))
        await pipeline.execute()

    async def _hear_stops(self) -> None:
        if self._stops_from is None:
            newest = await self._redis.xrevrange(STOPS, count=1)
            self._stops_from = newest[0][0] if newest else "0"
        streams = await self._redis.xread({STOPS: self._stops_from}, block=_BLOCK_MS)
        for _, entries in streams or ():
            for entry_id, fields in entries:
                self._stops_from = entry_id
                for held_id, held in list(self._held.items()):
                    if held.reply == fields["reply"]:
                        self._stop_reply(held_id, held)

    async def _sweep(self) -> None:
        """Queue answers that the database waits for and the queue does not know: Redis may have lost them."""
        if not await self._redis.set(
            "replies-sweep", self.name, nx=True, ex=max(1, int(self._sweep_seconds))
        ):
            return
        waiting = await store.forgotten()
        queued = {fields["reply"] for _, fields in await self._redis.xrange(REQUESTS)} if waiting else set()
        queued |= {held.reply for held in self._held.values()}
        lost = [reply for reply in waiting if reply not in queued]
        if lost:
            # A Redis that was emptied hears within a third of a lease what is being worked on.
            await asyncio.sleep(self._lease_seconds / 3)
        for reply in lost:
            if not await self._redis.exists(HELD + reply):
                logger.warning("Reply %s was not on the queue; it is sent again", reply)
                await self._redis.xadd(REQUESTS, {"reply": reply, "workspace": waiting[reply]})

    def _hold(self, entry_id: str, fields: dict[str, str]) -> None:
        """Let an entry wait for its workspace's turn, under our lease."""
        held = _Held(fields)
        self._held[entry_id] = held
        self._turns.add(entry_id, held.workspace)
        self._begin_turns()

    def _begin_turns(self) -> None:
        while entry_id := self._turns.begin_next():
            self._start(entry_id)

    def _stop_reply(self, entry_id: str, held: _Held) -> None:
        """A reply that still waits has nothing to wait for: begun now, it ends at once."""
        if held.running:
            held.running.stopping.set()
        elif self._turns.begin(entry_id, held.workspace):
            self._start(entry_id)

    def _start(self, entry_id: str) -> None:
        held = self._held[entry_id]
        held.task = asyncio.create_task(self._handle(entry_id, held.fields))

        def forget(_: asyncio.Task[None]) -> None:
            self._held.pop(entry_id, None)
            self._free.release()
            self._turns.end(held.workspace)
            if not self.stop.is_set():
                self._begin_turns()

        held.task.add_done_callback(forget)

    async def _handle(self, entry_id: str, fields: dict[str, str]) -> None:
        reply = fields["reply"]
        try:
            while not await self._is_answered(entry_id, fields):
                await asyncio.sleep(_RETRY_SECONDS)
        except LostReply:
            logger.info("Reply %s is in other hands", reply)
            return
        except Exception:
            logger.exception("Reply %s failed", reply)
            if not await self._is_ended_as_failed(reply, kept="request" not in fields):
                return
        await self._acknowledge(entry_id)

    async def _is_ended_as_failed(self, reply: str, *, kept: bool) -> bool:
        """End a reply that could not be answered, however long Redis or the database is away meanwhile.

        What was said may be what cannot be stored: then the row goes without it. False where the end is not ours to write,
        or cannot be written at all: the entry stays on the queue, and is tried again when its lease lapses.
        """
        keeps_text = True
        while True:
            try:
                async with await LogWriter.open(self._redis, reply) as log:
                    failed = Outcome(
                        state=MessageState.FAILED,
                        error={"code": "engine_error"},
                        text=log.text if keeps_text else "",
                    )
                    await self._end(failed, log, reply, kept=kept)
                return True
            except LostReply:
                logger.info("Reply %s is in other hands", reply)
                return False
            except Exception as error:
                if outage := outage_of(error):
                    logger.warning("Reply %s waits for its end: %s", reply, outage.log)
                else:
                    logger.exception("Reply %s could not be ended", reply)
                    if not keeps_text:
                        return False
                    keeps_text = False
            await asyncio.sleep(_RETRY_SECONDS)

    async def _is_answered(self, entry_id: str, fields: dict[str, str]) -> bool:
        """False when Redis or the database could not go on meanwhile: a restart closes every connection, a full disk takes
        nothing. The reply's log tells how far we were."""
        try:
            await self._answer(entry_id, fields)
        except Exception as error:
            if not (outage := outage_of(error)):
                raise
            logger.warning("Reply %s waits: %s", fields["reply"], outage.log)
            return False
        return True

    async def _answer(self, entry_id: str, fields: dict[str, str]) -> None:
        name = fields["reply"]
        kept = "request" not in fields
        request = await store.take(name) if kept else ReplyRequest.model_validate_json(fields["request"])
        if request is None:
            return
        async with await LogWriter.open(self._redis, name) as log:
            if log.is_ended:
                return
            if isinstance(request, Outcome):
                # Its row was written, and the streamer ended before it could say so.
                await log.end(request.entry())
                return
            reply = Reply(request, log, self._engine, self._patience)
            self._held[entry_id].running = reply
            if request.stop or await self._redis.exists(stop_key(name)):
                reply.stopping.set()
            outcome = await reply.run()
            await log.flush()
            await self._end(outcome, log, name, kept=kept)

    async def _end(self, outcome: Outcome, log: LogWriter, reply: str, *, kept: bool) -> None:
        """Write the row first: a visitor who sees the end may ask the next question at once."""
        await log.flush()
        if not kept:
            await store.count(reply, outcome)
        stored = await store.finish(reply, outcome) if kept else outcome
        await log.end(stored.entry())

    async def _hand_over(self) -> None:
        """Put what was given to us and has not ended back for another streamer, which goes on from the token log."""
        while ours := await self._redis.xpending_range(
            REQUESTS, GROUP, min="-", max="+", count=_HANDED_OVER_AT_ONCE, consumername=self.name
        ):
            for entry_id in [pending["message_id"] for pending in ours]:
                for _, fields in await self._redis.xrange(REQUESTS, min=entry_id, max=entry_id):
                    await self._redis.xadd(REQUESTS, fields)
                await self._acknowledge(entry_id)

    async def _acknowledge(self, entry_id: str) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.xack(REQUESTS, GROUP, entry_id)
        pipeline.xdel(REQUESTS, entry_id)
        await pipeline.execute()
