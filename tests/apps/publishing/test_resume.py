"""A reader who goes and comes back reads the whole answer, in order, once; whatever happens meanwhile."""

import asyncio
import contextlib
import random
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.publishing import token_log
from apps.publishing.connections import async_redis
from apps.publishing.fanout import Fanout
from apps.publishing.streamer.log_writer import LogWriter
from apps.publishing.token_log import Entry, LostReply
from tests.fixtures.patience import PATIENCE_SECONDS

WORDS = [f"w{number}·" for number in range(40)]


async def write(reply, pause):
    async with await LogWriter.open(async_redis(), reply) as log:
        for word in WORDS:
            log.add(word)
            await asyncio.sleep(pause)
        await log.end({"state": "done", "characters": len("".join(WORDS))})


async def read_with_breaks(fanout, reply, patience):
    """What a browser keeps that loses its line after each of `patience` entries, and returns with its last number."""
    said, seq, seqs = "", 0, []
    for most in [*patience, None]:
        async with fanout.follow(reply, after=seq) as entries:
            count = 0
            async for entry in entries:
                seq = entry.seq
                seqs.append(seq)
                if entry.kind == "text":
                    said += entry.data["text"]
                if entry.kind == "end":
                    return said, seqs
                count += 1
                if count == most:
                    break
    raise AssertionError("The log had no end")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    readers=st.lists(st.lists(st.integers(1, 6), max_size=8), min_size=1, max_size=4),
    pause=st.sampled_from([0, 0.001, 0.005]),
    late=st.integers(0, 3),
)
def test_whole_in_order_once(readers, pause, late):
    async def run():
        fanout, reply = Fanout(async_redis()), str(uuid.uuid4())
        writing = asyncio.create_task(write(reply, pause))

        async def reader(index, patience):
            await asyncio.sleep(0.02 * late * index)
            return await read_with_breaks(fanout, reply, patience)

        async with asyncio.timeout(PATIENCE_SECONDS):
            heard = await asyncio.gather(*(reader(i, p) for i, p in enumerate(readers)))
            await writing
        for said, seqs in heard:
            assert said == "".join(WORDS)
            assert seqs == list(range(1, len(seqs) + 1))
        await async_redis().aclose()

    asyncio.run(run())


async def test_frames_are_paced():
    reply = str(uuid.uuid4())
    await write(reply, 0.002)
    frames = [e for e in await token_log.read(async_redis(), reply) if e.kind == "text"]
    assert 1 < len(frames) < len(WORDS)


async def test_of_two_writers_one_loses():
    reply = str(uuid.uuid4())
    async with await LogWriter.open(async_redis(), reply) as first:
        first.add("one ")
        await first.flush()
        async with await LogWriter.open(async_redis(), reply) as second:
            second.add("two")
            await second.flush()
            with pytest.raises(LostReply):
                await first.state("answering")
    text = [e.data["text"] for e in await token_log.read(async_redis(), reply)]
    assert text == ["one ", "two"]


async def test_a_log_that_redis_lost_is_written_again():
    reply, connection = str(uuid.uuid4()), async_redis()
    async with await LogWriter.open(connection, reply) as log:
        log.add("one ")
        await log.flush()
        await connection.delete(token_log.key_of(reply))
        await log._write_missing()
    assert [e.data["text"] for e in await token_log.read(connection, reply)] == ["one "]


async def test_a_redis_that_is_emptied_in_mid_answer_hears_it_from_the_beginning():
    reply, connection, fanout = str(uuid.uuid4()), async_redis(), Fanout(async_redis())

    async def reading():
        return await read_with_breaks(fanout, reply, [])

    async with await LogWriter.open(connection, reply) as log:
        log.add("one ")
        await log.flush()
        reader = asyncio.create_task(reading())
        await asyncio.sleep(0.05)
        await connection.flushall()
        log.add("two ")
        await log.flush()
        # Whoever comes only now reads all of it.
        late = asyncio.create_task(reading())
        await log.end({"state": "done", "characters": 8})
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await reader == ("one two ", [1, 2, 3])
            assert await late == ("one two ", [1, 2, 3])
    assert 0 < await connection.ttl(token_log.key_of(reply)) <= token_log.KEEP_SECONDS


async def test_a_log_without_its_beginning_is_not_taken_for_what_was_said():
    reply, connection = str(uuid.uuid4()), async_redis()
    await token_log.append(connection, reply, Entry(5, "text", {"text": "middle"}))
    async with await LogWriter.open(connection, reply) as log:
        assert log.text == ""
        log.add("all of it")
        await log.flush()
        assert log.text == "all of it"
    assert [entry.seq for entry in await token_log.read(connection, reply)] == [5, 6]


async def test_a_log_expires():
    reply, connection = str(uuid.uuid4()), async_redis()
    await token_log.append(connection, reply, Entry(1, "text", {"text": "a"}))
    assert token_log.KEEP_SECONDS < await connection.ttl(token_log.key_of(reply)) <= token_log.LONGEST_SECONDS
    await token_log.append(connection, reply, Entry(2, "end", {"state": "done"}))
    assert 0 < await connection.ttl(token_log.key_of(reply)) <= token_log.KEEP_SECONDS


async def test_many_readers_share_one_reading_task():
    fanout, replies = Fanout(async_redis()), [str(uuid.uuid4()) for _ in range(10)]
    readers = [
        asyncio.create_task(read_with_breaks(fanout, reply, [random.randint(1, 5)]))
        for reply in replies
        for _ in range(5)
    ]
    await asyncio.sleep(0.05)
    tasks = [task for task in asyncio.all_tasks() if "_read_forever" in str(task.get_coro())]
    await asyncio.gather(*(write(reply, 0) for reply in replies))
    heard = await asyncio.gather(*readers)
    assert len(tasks) == 1
    assert {said for said, _ in heard} == {"".join(WORDS)}
    with contextlib.suppress(asyncio.CancelledError):
        tasks[0].cancel()
        await tasks[0]


@pytest.mark.parametrize("number", [-5, 1 << 80])
async def test_a_number_that_makes_no_sense_leaves_the_other_readers_alone(number):
    fanout, reply = Fanout(async_redis()), str(uuid.uuid4())
    async with fanout.follow("other", after=number):
        writing = asyncio.create_task(write(reply, 0))
        async with asyncio.timeout(PATIENCE_SECONDS):
            said, _ = await read_with_breaks(fanout, reply, [])
        await writing
    assert said == "".join(WORDS)
