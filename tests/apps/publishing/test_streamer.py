"""A reply from question to stored answer, with a real Redis and an engine that misbehaves."""

import asyncio
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.publishing import token_log
from apps.publishing.connections import async_redis, sync_redis
from apps.publishing.fanout import fanout
from apps.publishing.models import Message
from apps.publishing.reply_queue import REQUESTS
from apps.publishing.services import replies
from apps.publishing.streamer import store
from apps.publishing.streamer.outcome import Outcome
from apps.publishing.streamer.reply import Patience
from apps.serving.client import EngineUnreachable
from tests.fixtures.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

WHOLE = "".join(f"word{number} " for number in range(8))


@database_sync_to_async
def ask(entrance, text="Hello there", **arguments):
    return replies.ask(entrance=entrance, text=text, **arguments)


async def listen(reply, after=0):
    """Everything that a token log says, from `after` on."""
    async with asyncio.timeout(PATIENCE_SECONDS), fanout().follow(str(reply), after=after) as entries:
        return [entry async for entry in entries]


def text_of(entries):
    return "".join(entry.data["text"] for entry in entries if entry.kind == "text")


def states_of(entries):
    return [entry.data["state"] for entry in entries if entry.kind == "state"]


@database_sync_to_async
def stored(turn):
    return Message.objects.get(pk=turn.answer.pk)


async def test_an_answer_is_streamed_and_stored(entrance, streaming):
    async with streaming():
        turn = await ask(entrance)
        entries = await listen(turn.answer.pk)
    answer = await stored(turn)
    assert text_of(entries) == answer.text == WHOLE
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert (answer.state, answer.finish_reason) == ("done", "stop")
    assert (answer.prompt_tokens, answer.output_tokens) == (2, 8)
    assert answer.first_token_ms is not None
    assert answer.ended_at
    assert entries[-1].data["characters"] == len(WHOLE)


async def test_the_request_leaves_the_queue_when_it_has_ended(entrance, streaming):
    async with streaming():
        turn = await ask(entrance)
        await listen(turn.answer.pk)
        for _ in range(5000):
            if not await async_redis().xlen(REQUESTS):
                break
            await asyncio.sleep(0.02)
    assert await async_redis().xlen(REQUESTS) == 0


async def test_many_answers_at_once(entrance, streaming, engine):
    engine.misbehave(pause=0.05)
    async with streaming():
        turns = [await ask(entrance, text=f"question {number}") for number in range(12)]
        heard = await asyncio.gather(*(listen(turn.answer.pk) for turn in turns))
    assert [text_of(entries) for entries in heard] == [WHOLE] * 12


async def test_a_full_queue_is_waited_for_and_said(entrance, streaming, engine):
    engine.misbehave(busy=1)
    async with streaming():
        entries = await listen((await ask(entrance)).answer.pk)
    assert states_of(entries)[-2:] == ["waiting", "answering"]
    assert next(e.data for e in entries if e.data.get("state") == "waiting")["position"] == 3
    assert text_of(entries) == WHOLE


async def test_a_model_that_is_being_loaded_is_said(entrance, streaming, engine):
    engine.misbehave(loaded=False, pause=1, pieces=1)
    async with streaming():
        entries = await listen((await ask(entrance)).answer.pk)
    assert states_of(entries) == ["loading", "answering"]


async def test_a_model_that_is_there_is_not_said_to_be_loaded(entrance, streaming, engine):
    engine.misbehave(pause=1, pieces=1)
    async with streaming():
        entries = await listen((await ask(entrance)).answer.pk)
    assert states_of(entries) == ["answering"]


async def test_an_engine_that_stands_still_is_said(entrance, streaming, engine, monkeypatch):
    async def health(_client):
        raise EngineUnreachable("ReadTimeout")

    monkeypatch.setattr("apps.serving.client.EngineClient.health", health)
    engine.misbehave(pause=1, pieces=1)
    async with streaming():
        entries = await listen((await ask(entrance)).answer.pk)
    assert states_of(entries) == ["engine_down", "answering"]


async def test_a_connection_that_a_restarted_redis_closed_costs_no_answer(entrance, streaming, monkeypatch):
    read, broken = token_log.read, iter([True])

    async def read_once_broken(*arguments, **options):
        if next(broken, False):
            raise RedisConnectionError("Connection lost.")
        return await read(*arguments, **options)

    monkeypatch.setattr("apps.publishing.streamer.log_writer.token_log.read", read_once_broken)
    async with streaming():
        turn = await ask(entrance)
        for _ in range(2400):
            answer = await stored(turn)
            if answer.ended_at:
                break
            await asyncio.sleep(0.1)
    assert (answer.state, answer.text) == ("done", WHOLE)


@pytest.mark.parametrize("again", ["the database is away", "Redis is away", "the text cannot be stored"])
async def test_a_reply_whose_end_fails_too_ends_with_a_reason(
    entrance, streaming, engine, monkeypatch, again
):
    """The answer fails, and so does writing that it failed: it ends nevertheless, and others are answered meanwhile."""
    finish, read, ended = store.finish, token_log.read, []

    async def finish_later(reply, outcome):
        ended.append(outcome)
        if len(ended) == 1:
            raise ZeroDivisionError("a fault of our own")
        if again == "the database is away" and len(ended) < 4:
            raise OperationalError("database is locked")
        if again == "the text cannot be stored" and outcome.text:
            raise ValueError("A string literal cannot contain such a character.")
        return await finish(reply, outcome)

    async def read_later(*arguments, **options):
        if again == "Redis is away" and len(ended) == 1:
            ended.append(None)
            raise RedisConnectionError("Connection refused.")
        return await read(*arguments, **options)

    monkeypatch.setattr(store, "finish", finish_later)
    monkeypatch.setattr("apps.publishing.streamer.log_writer.token_log.read", read_later)
    async with streaming(capacity=2):
        turn = await ask(entrance)
        entries = await listen(turn.answer.pk)
        answer = await stored(turn)
        assert (answer.state, answer.error) == ("failed", {"code": "engine_error"})
        assert entries[-1].data["error"] == {"code": "engine_error"}
        assert answer.text == ("" if again == "the text cannot be stored" else WHOLE)
        monkeypatch.setattr(store, "finish", finish)
        another = await ask(entrance, text="Still there?")
        assert text_of(await listen(another.answer.pk)) == WHOLE
        for _ in range(5000):
            if not await async_redis().xlen(REQUESTS):
                break
            await asyncio.sleep(0.05)
        assert await async_redis().xlen(REQUESTS) == 0


async def test_an_answer_that_breaks_off_goes_on_where_it_was(entrance, streaming, engine):
    engine.misbehave(die_after=4, breaks=1, pause=0.05)
    async with streaming():
        turn = await ask(entrance)
        entries = await listen(turn.answer.pk)
    assert text_of(entries) == WHOLE
    assert "engine_down" in states_of(entries)
    assert (await stored(turn)).state == "done"


async def test_an_answer_that_cannot_go_on_ends_as_interrupted(entrance, streaming, engine):
    engine.misbehave(die_after=4, breaks=1, pause=0.05, diverge=True)
    async with streaming():
        turn = await ask(entrance)
        await listen(turn.answer.pk)
    answer = await stored(turn)
    assert (answer.state, answer.text) == ("interrupted", "word0 word1 word2 word3 ")


async def test_an_engine_that_returns_is_found_again(entrance, streaming, engine):
    engine.end()
    async with streaming():
        turn = await ask(entrance)
        listening = asyncio.create_task(listen(turn.answer.pk))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(engine.start)
        entries = await listening
    assert states_of(entries)[0] == "engine_down"
    assert (await stored(turn)).text == WHOLE


async def test_an_engine_that_stays_away_is_said_after_a_while(entrance, streaming, engine):
    engine.end()
    try:
        async with streaming(patience=Patience(engine_down=0.3)):
            turn = await ask(entrance)
            await listen(turn.answer.pk)
    finally:
        engine.start()
    answer = await stored(turn)
    assert (answer.state, answer.error["code"]) == ("failed", "engine_unreachable")


async def test_stop_keeps_what_was_said_and_cancels_at_the_engine(entrance, streaming, engine):
    engine.misbehave(pause=0.1, pieces=100)
    async with streaming():
        turn = await ask(entrance)
        async with asyncio.timeout(PATIENCE_SECONDS), fanout().follow(str(turn.answer.pk)) as entries:
            async for entry in entries:
                if entry.kind == "text":
                    await database_sync_to_async(replies.stop)(
                        entrance=entrance, message_id=str(turn.answer.pk)
                    )
        for _ in range(5000):
            if engine.told()["cancelled"]:
                break
            await asyncio.sleep(0.05)
    answer = await stored(turn)
    assert (answer.state, answer.finish_reason) == ("stopped", "cancelled")
    assert answer.text.startswith("word0 ")
    assert len(engine.told()["cancelled"]) == 1


async def test_a_stop_before_the_beginning_counts(entrance, streaming, engine):
    turn = await ask(entrance)
    await database_sync_to_async(replies.stop)(entrance=entrance, message_id=str(turn.answer.pk))
    async with streaming():
        await listen(turn.answer.pk)
    assert (await stored(turn)).state == "stopped"


async def test_a_prompt_that_is_too_long_is_refused_with_numbers(entrance, streaming, engine):
    engine.misbehave(too_long=3)
    async with streaming():
        turn = await ask(entrance, text="one two three four five")
        await listen(turn.answer.pk)
    answer = await stored(turn)
    assert answer.state == "failed"
    assert (answer.error["tokens"], answer.error["limit"]) == (5, 3)


async def test_a_long_conversation_loses_its_beginning_and_says_so(entrance, streaming, engine):
    async with streaming():
        first = await ask(entrance, text="the first question")
        await listen(first.answer.pk)
        engine.misbehave(too_long=8)
        second = await ask(entrance, text="and the second", conversation_id=str(first.conversation.pk))
        await listen(second.answer.pk)
    answer = await stored(second)
    assert (answer.state, answer.left_out) == ("done", 2)
    assert [m["content"] for m in engine.told()["calls"][-1]["messages"]] == ["and the second"]


async def test_earlier_turns_leave_room_for_the_answer_and_the_question_alone_need_not(
    entrance, streaming, engine
):
    async with streaming():
        first = await ask(entrance, text="the first question")
        await listen(first.answer.pk)
        engine.misbehave(too_long=8)
        second = await ask(entrance, text="and the second", conversation_id=str(first.conversation.pk))
        await listen(second.answer.pk)
    most = entrance.version.settings.max_tokens
    assert [call["room"] for call in engine.told()["calls"]] == [most, 0]


async def test_a_request_that_redis_lost_is_found_in_the_database(entrance, streaming, monkeypatch):
    monkeypatch.setattr("apps.publishing.streamer.store._FORGOTTEN_AFTER", timedelta(0))
    turn = await ask(entrance)
    sync_redis().flushdb()
    async with streaming(sweep_seconds=0.2):
        entries = await listen(turn.answer.pk)
    assert text_of(entries) == WHOLE


async def test_a_redis_that_is_emptied_does_not_interrupt_an_answer(entrance, streaming, engine, monkeypatch):
    """Neither for the streamer that answers, nor because another one takes the reply for a forgotten one."""
    monkeypatch.setattr("apps.publishing.streamer.store._FORGOTTEN_AFTER", timedelta(0))
    engine.misbehave(pause=0.4, pieces=8)
    hurried = {"sweep_seconds": 0.2, "lease_seconds": 1.5}
    async with streaming("one", **hurried):
        turn = await ask(entrance)
        listening = asyncio.create_task(listen(turn.answer.pk))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await token_log.last_seq(async_redis(), turn.answer.pk):
                await asyncio.sleep(0.02)
            async with streaming("two", **hurried):
                sync_redis().flushall()
                entries = await listening
    answer = await stored(turn)
    assert (answer.state, answer.text) == ("done", WHOLE)
    assert text_of(entries) == WHOLE
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert len(engine.told()["calls"]) == 1


async def test_a_streamer_that_goes_down_hands_over_at_once(entrance, streaming, engine):
    engine.misbehave(pause=0.1, pieces=8)
    turn = await ask(entrance)
    async with (
        streaming("one"),
        asyncio.timeout(PATIENCE_SECONDS),
        fanout().follow(str(turn.answer.pk)) as entries,
    ):
        async for entry in entries:
            if entry.kind == "text":
                break
    async with streaming("two"):
        entries = await listen(turn.answer.pk)
    assert text_of(entries) == WHOLE
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert len(engine.told()["calls"]) == 2


async def test_classification_ends_with_labels(make_app, owner, streaming):
    from apps.publishing.entrance import for_member

    app = await database_sync_to_async(make_app)("classification", "classifier")
    entrance = await database_sync_to_async(for_member)(owner, app.pk)
    async with streaming():
        turn = await ask(entrance, text="My card was charged twice")
        await listen(turn.answer.pk)
    answer = await stored(turn)
    assert answer.labels[0] == {"label": "billing", "score": 0.9}
    assert answer.text == "billing"


async def test_an_end_is_stored_once(entrance, engine):
    reply = str((await ask(entrance)).answer.pk)
    first = await store.finish(reply, Outcome(state="done", text="One"))
    second = await store.finish(reply, Outcome(state="done", text="Two"))
    assert (first.text, second.text) == ("One", "One")
