"""Workspaces take turns for the places of a streamer, as they do for workers."""

import asyncio
import uuid

import pytest
from channels.db import database_sync_to_async

from apps.publishing.connections import async_redis
from apps.publishing.fanout import fanout
from apps.publishing.reply_queue import REQUESTS, ReplyRequest, send_request, send_stop, stop_key
from apps.publishing.services import replies
from apps.publishing.streamer.turns import Turns
from tests.fixtures.patience import PATIENCE_SECONDS
from workers.contracts.model_folder import PromptMessage


def test_the_workspace_with_the_fewest_at_work_comes_first() -> None:
    turns = Turns(capacity=3)
    for number in range(4):
        turns.add(f"busy{number}", "busy")
    assert [turns.begin_next() for _ in range(4)] == ["busy0", "busy1", "busy2", None]
    turns.add("quiet0", "quiet")
    assert turns.begin_next() is None, "nobody who is being answered is interrupted"
    turns.end("busy")
    assert turns.begin_next() == "quiet0"
    turns.end("quiet")
    assert turns.begin_next() == "busy3"


def test_of_equals_the_one_that_waited_longest_for_a_turn_comes_first() -> None:
    turns = Turns(capacity=1)
    for workspace in ("one", "two", "three"):
        for number in range(2):
            turns.add(f"{workspace}{number}", workspace)
    begun = []
    while entry := turns.begin_next():
        begun.append(entry)
        turns.end(entry[:-1])
    assert begun == ["one0", "two0", "three0", "one1", "two1", "three1"]


def test_an_entry_begun_out_of_turn_is_begun_once() -> None:
    turns = Turns(capacity=1)
    for entry in ("first", "second", "third"):
        turns.add(entry, "one")
    assert turns.begin_next() == "first"
    assert turns.begin("second", "one")
    assert not turns.begin("second", "one")
    turns.end("one")
    assert turns.begin_next() is None, "the one out of turn still takes the place"
    turns.end("one")
    assert turns.begin_next() == "third"


def _ask(workspace: str) -> str:
    reply = str(uuid.uuid4())
    prompt = [PromptMessage(role="user", content="Hello")]
    request = ReplyRequest(reply=reply, model="models/1", family="causal", messages=prompt, kept=False)
    send_request(request, workspace_id=workspace)
    return reply


async def _end_of(reply: str) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS), fanout().follow(reply) as entries:
        async for entry in entries:
            if entry.kind == "end":
                return str(entry.data["state"])
    raise AssertionError("no end")


pytestmark = pytest.mark.django_db(transaction=True)


async def test_one_question_does_not_wait_for_all_of_another_workspace(streaming, engine) -> None:
    engine.misbehave(pause=0.03)
    busy = [_ask("busy") for _ in range(10)]
    quiet = _ask("quiet")
    ended = []

    async def watch(reply: str) -> None:
        assert await _end_of(reply) == "done"
        ended.append(reply)

    async with streaming(capacity=2):
        await asyncio.gather(*map(watch, [*busy, quiet]))
    assert ended.index(quiet) < 5, "it came after eleven others were asked, ten of one workspace"


async def test_a_stop_ends_a_reply_that_waits_for_its_turn(streaming, engine) -> None:
    engine.misbehave(pause=0.5)
    async with streaming(capacity=1):
        first, second = _ask("one"), _ask("one")
        ending = asyncio.create_task(_end_of(second))
        await asyncio.sleep(0.5)
        send_stop(second)
        assert await asyncio.wait_for(ending, timeout=2) == "stopped"
        send_stop(first)
        assert await _end_of(first) == "stopped"


async def test_a_stop_that_was_not_heard_is_found_with_the_next_lease(streaming, engine) -> None:
    """Of a reply that is being answered, and of one that still waits."""
    engine.misbehave(pause=0.5)
    async with streaming(capacity=1, lease_seconds=1):
        asked = [_ask("one") for _ in range(3)]
        endings = [asyncio.create_task(_end_of(reply)) for reply in asked[:2]]
        await asyncio.sleep(0.5)
        for reply in asked[:2]:
            await async_redis().set(stop_key(reply), "1")
        assert await asyncio.wait_for(asyncio.gather(*endings), timeout=3) == ["stopped"] * 2
        send_stop(asked[2])
        assert await _end_of(asked[2]) == "stopped"


async def test_what_still_waits_is_handed_over_when_a_streamer_goes(streaming, engine) -> None:
    engine.misbehave(pause=0.2)
    async with streaming(name="leaving", capacity=1):
        asked = [_ask("one") for _ in range(3)]
        await asyncio.sleep(0.5)
    engine.misbehave()
    async with streaming(name="staying", capacity=1):
        assert await asyncio.gather(*map(_end_of, asked)) == ["done"] * 3


async def test_a_question_names_its_workspace_on_the_queue(entrance) -> None:
    await database_sync_to_async(replies.ask)(entrance=entrance, text="Hello")
    [(_, fields)] = await async_redis().xrange(REQUESTS)
    assert fields["workspace"] == str(entrance.app.workspace_id)
