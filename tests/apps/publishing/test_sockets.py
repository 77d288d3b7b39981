"""Sockets under a real uvicorn: streaming, coming back, being sent away, and silence."""

import asyncio
import contextlib
import json
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.publishing.models import Message
from apps.publishing.services import apps, links
from apps.publishing.visitors import COOKIE, visitor_key_in
from apps.workspaces.models import Membership
from tests.fixtures.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

WHOLE = "".join(f"word{number} " for number in range(8))


def cookie_of(client, live_site, token):
    """The visitor's cookie, as a browser gets it from the page."""
    return client.get(f"/a/{token}/").cookies[COOKIE].value


@contextlib.asynccontextmanager
async def socket(live_site, path, cookie="", origin=None):
    headers = {"Cookie": cookie} if cookie else {}
    address = f"ws://{live_site.host}{path}"
    async with connect(address, origin=origin or live_site.url, additional_headers=headers) as line:
        yield line


async def say(line, **data):
    await line.send(json.dumps(data))


async def hear(line, *kinds):
    """The next message of one of these kinds; without kinds, the next one."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            data = json.loads(await line.recv())
            if not kinds or data["type"] in kinds:
                return data


async def hear_answer(line):
    """(text, last entry) of the answer that is being streamed."""
    text = ""
    while True:
        data = await hear(line, "text", "end")
        if data["type"] == "end":
            return text, data
        text += data["text"]


@pytest.fixture
def visitor(client, live_site, link):
    return f"{COOKIE}={cookie_of(client, live_site, link[1])}"


@pytest.fixture
def path(link):
    return f"/ws/a/{link[1]}/"


async def test_a_visitor_gets_a_streamed_answer(live_site, path, visitor, streaming):
    async with streaming(), socket(live_site, path, visitor) as line:
        await say(line, type="ask", text="Hello", request_key="k")
        turn = await hear(line, "turn")
        text, end = await hear_answer(line)
    assert (turn["request_key"], turn["question"]["text"]) == ("k", "Hello")
    assert (text, end["state"], end["characters"]) == (WHOLE, "done", len(WHOLE))


async def test_coming_back_in_mid_answer(live_site, path, visitor, streaming, engine):
    engine.misbehave(pause=0.1)
    async with streaming():
        async with socket(live_site, path, visitor) as line:
            await say(line, type="ask", text="Hello")
            turn = await hear(line, "turn")
            first = await hear(line, "text")
            second = await hear(line, "text")
        async with socket(live_site, path, visitor) as line:
            await say(line, type="resume", message=turn["answer"]["id"], last_seq=second["seq"])
            rest, _ = await hear_answer(line)
    assert first["text"] + second["text"] + rest == WHOLE


async def test_coming_back_after_the_log_has_expired(live_site, path, visitor, streaming):
    from apps.publishing.connections import async_redis

    async with streaming():
        async with socket(live_site, path, visitor) as line:
            await say(line, type="ask", text="Hello")
            await hear_answer(line)
            answer = await Message.objects.aget(role="assistant")
        await async_redis().delete(f"reply:{answer.pk}")
        async with socket(live_site, path, visitor) as line:
            await say(line, type="resume", message=str(answer.pk), last_seq=3)
            stored = await hear(line)
    assert (stored["type"], stored["stored"]["text"]) == ("message", WHOLE)


async def test_the_same_reply_in_two_tabs(live_site, path, visitor, streaming, engine):
    engine.misbehave(pause=0.05)
    async with streaming(), socket(live_site, path, visitor) as one, socket(live_site, path, visitor) as two:
        await say(one, type="ask", text="Hello")
        turn = await hear(one, "turn")
        await hear(one, "text")
        await say(two, type="resume", message=turn["answer"]["id"], last_seq=0)
        text, _ = await hear_answer(two)
    assert text == WHOLE


async def test_stop_in_one_tab_is_seen_in_the_other(live_site, path, visitor, streaming, engine):
    engine.misbehave(pause=0.1, pieces=100)
    async with streaming(), socket(live_site, path, visitor) as one, socket(live_site, path, visitor) as two:
        await say(one, type="ask", text="Hello")
        turn = await hear(one, "turn")
        await hear(one, "text")
        await say(two, type="resume", message=turn["answer"]["id"], last_seq=0)
        await hear(two, "text")
        await say(one, type="stop", message=turn["answer"]["id"])
        _, end = await hear_answer(two)
    assert end["state"] == "stopped"


async def test_a_tab_hears_what_another_tab_asked(live_site, path, visitor, streaming):
    async with streaming(), socket(live_site, path, visitor) as one, socket(live_site, path, visitor) as two:
        await say(one, type="ask", text="Hello", known="")
        first = await hear(one, "turn")
        await hear_answer(one)
        conversation, known = first["conversation"]["id"], first["answer"]["id"]
        await say(two, type="watch", conversation=conversation, known=known)
        await say(one, type="ask", conversation=conversation, text="And?", known=known)
        second = await hear(one, "turn")
        assert (await hear(two, "changed"))["last"] == second["answer"]["id"]
        await hear_answer(one)
        await say(two, type="watch", conversation=conversation, known=known, first=first["question"]["id"])
        missed = await hear(two, "conversation")
        assert [one["text"] for one in missed["messages"]] == ["Hello", WHOLE, "And?", WHOLE]


async def test_a_stale_tab_is_refused_and_shown_what_it_missed(live_site, path, visitor, streaming):
    async with streaming(), socket(live_site, path, visitor) as one, socket(live_site, path, visitor) as two:
        await say(one, type="ask", text="Hello", known="")
        turn = await hear(one, "turn")
        await hear_answer(one)
        conversation = turn["conversation"]["id"]
        await say(two, type="ask", conversation=conversation, text="Late", known="", request_key="k")
        refused = await hear(two, "refused")
        assert (refused["code"], refused["request_key"]) == ("stale", "k")
        assert [one["text"] for one in (await hear(two, "conversation"))["messages"]] == ["Hello", WHOLE]
        await say(two, type="ask", conversation=conversation, text="Late", known=turn["answer"]["id"])
        assert (await hear(two, "turn"))["question"]["text"] == "Late"
        await hear_answer(two)


async def test_what_was_replaced_can_be_shown_again(live_site, path, visitor, streaming):
    async with streaming(), socket(live_site, path, visitor) as line:
        await say(line, type="ask", text="Hello")
        first = await hear(line, "turn")
        await hear_answer(line)
        conversation = first["conversation"]["id"]
        await say(line, type="ask", conversation=conversation, text="And?")
        await hear_answer(line)
        await say(line, type="edit", conversation=conversation, message=first["question"]["id"], text="Hi")
        edited = await hear(line, "turn")
        await hear_answer(line)
        assert edited["question"]["versions"] == [first["question"]["id"], edited["question"]["id"]]
        await say(line, type="version", conversation=conversation, message=first["question"]["id"])
        shown = await hear(line, "conversation")
        assert [one["text"] for one in shown["messages"]] == ["Hello", WHOLE, "And?", WHOLE]


async def test_a_stranger_neither_watches_nor_sees_a_conversation(live_site, path, visitor, link, streaming):
    from django.test import Client

    stranger = f"{COOKIE}={await sync_to_async(cookie_of)(Client(), live_site, link[1])}"
    async with streaming(), socket(live_site, path, visitor) as line:
        await say(line, type="ask", text="Hello")
        turn = await hear(line, "turn")
        await hear_answer(line)
        async with socket(live_site, path, stranger) as other:
            await say(other, type="watch", conversation=turn["conversation"]["id"])
            assert (await hear(other))["code"] == "not_understood"
            await say(
                other, type="version", conversation=turn["conversation"]["id"], message=turn["answer"]["id"]
            )
            assert (await hear(other))["code"] == "not_found"


async def test_a_stranger_cannot_listen_in(live_site, path, visitor, link, client, streaming, engine):
    from django.test import Client

    engine.misbehave(pause=0.1)
    stranger = f"{COOKIE}={await sync_to_async(cookie_of)(Client(), live_site, link[1])}"
    async with streaming(), socket(live_site, path, visitor) as line:
        await say(line, type="ask", text="Hello")
        turn = await hear(line, "turn")
        async with socket(live_site, path, stranger) as other:
            await say(other, type="resume", message=turn["answer"]["id"], last_seq=0)
            assert (await hear(other))["code"] == "not_understood"
        await hear_answer(line)


async def closing_code(line):
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await line.recv()
    return line.close_code


async def test_revoking_closes_open_sockets_and_answers(
    live_site, path, visitor, link, owner, streaming, engine
):
    engine.misbehave(pause=0.1, pieces=100)
    async with streaming(), socket(live_site, path, visitor) as line:
        await say(line, type="ask", text="Hello")
        await hear(line, "text")
        await sync_to_async(links.revoke_share_link)(actor=owner, link=link[0])
        assert await closing_code(line) == 4410
        for _ in range(5000):
            if (await Message.objects.aget(role="assistant")).state == "stopped":
                break
            await asyncio.sleep(0.05)
        assert (await Message.objects.aget(role="assistant")).state == "stopped"


@pytest.mark.parametrize(
    ("act", "words"), [("pause", "This link is paused."), ("limit", "This link is for members")]
)
async def test_a_socket_that_is_open_hears_why_its_link_closes(
    live_site, path, visitor, link, owner, act, words
):
    async with socket(live_site, path, visitor) as line:
        if act == "pause":
            await sync_to_async(links.pause_share_link)(actor=owner, link=link[0])
        else:
            await sync_to_async(links.change_share_link)(actor=owner, link=link[0], members_only=True)
        assert words in (await hear(line, "closed"))["text"]
        assert await closing_code(line) == 4410
    async with socket(live_site, path, visitor) as line:
        assert words in (await hear(line, "closed"))["text"]
        assert await closing_code(line) == 4404


async def test_archiving_closes_open_sockets(live_site, path, visitor, app, owner):
    async with socket(live_site, path, visitor) as line:
        await sync_to_async(apps.archive_app)(actor=owner, app=app)
        assert await closing_code(line) == 4410


@pytest.mark.parametrize("break_it", ["token", "cookie", "signature"])
async def test_no_way_in(live_site, path, visitor, break_it):
    where = path[:-3] + "xx/" if break_it == "token" else path
    cookie = {"cookie": "", "signature": f"{COOKIE}=guessed:signature"}.get(break_it, visitor)
    async with socket(live_site, where, cookie) as line:
        assert await closing_code(line) == (4404 if break_it == "token" else 4401)


async def test_other_sites_are_refused(live_site, path, visitor):
    with pytest.raises(InvalidStatus):
        async with socket(live_site, path, visitor, origin="https://evil.example"):
            pass


async def test_what_cannot_be_understood_is_said(live_site, path, visitor):
    async with socket(live_site, path, visitor) as line:
        for data in (
            "no json",
            "[]",
            '{"type": "fly"}',
            '{"type": "stop", "message": "7"}',
            '{"type": "ask"}',
            f'{{"type": "resume", "message": "{uuid4()}", "last_seq": Infinity}}',
            f'{{"type": "resume", "message": "{uuid4()}", "last_seq": "{"9" * 5000}"}}',
            '{"type": "ask", "text": ' + "[" * 100_000 + "]" * 100_000 + "}",
        ):
            await line.send(data)
            assert (await hear(line))["code"] in ("not_understood", "not_found")


async def test_a_huge_message_closes_the_line(live_site, path, visitor):
    async with socket(live_site, path, visitor) as line:
        await line.send("x" * 300_000)
        assert await closing_code(line) == 1009


async def test_refusals_carry_the_browsers_own_key(live_site, path, visitor):
    async with socket(live_site, path, visitor) as line:
        await say(line, type="ask", text=" ", request_key="mine")
        refused = await hear(line, "refused")
    assert (refused["code"], refused["request_key"]) == ("empty", "mine")


async def test_without_a_streamer_the_visitor_is_told(live_site, path, visitor):
    async with socket(live_site, path, visitor) as line:
        await say(line, type="ask", text="Hello")
        assert (await hear(line, "state"))["state"] == "engine_down"


async def test_members_preview_what_is_not_published(live_site, make_app, owner, client, streaming):
    app = await sync_to_async(make_app)(published=False)
    await sync_to_async(client.force_login)(owner)
    session = f"sessionid={client.cookies['sessionid'].value}"
    async with streaming(), socket(live_site, f"/ws/apps/{app.pk}/", session) as line:
        await say(line, type="ask", text="Hello")
        text, _ = await hear_answer(line)
    assert text == WHOLE


async def test_outsiders_do_not_preview(live_site, app, outsider, client):
    await sync_to_async(client.force_login)(outsider)
    session = f"sessionid={client.cookies['sessionid'].value}"
    async with socket(live_site, f"/ws/apps/{app.pk}/", session) as line:
        assert await closing_code(line) == 4404


async def test_base_and_tuned_side_by_side(live_site, make_model, viewer, client, streaming, engine):
    models = [str((await sync_to_async(make_model)()).pk) for _ in range(2)]
    await sync_to_async(client.force_login)(viewer)
    session = f"sessionid={client.cookies['sessionid'].value}"
    async with streaming(), socket(live_site, "/ws/try/", session) as line:
        for model in models:
            await say(line, type="ask", model=model, text="Hello", request_key=model)
        said, ends = {}, 0
        while ends < 2:
            data = await hear(line, "text", "end")
            ends += data["type"] == "end"
            said[data["message"]] = said.get(data["message"], "") + data.get("text", "")
    assert list(said.values()) == [WHOLE, WHOLE]
    assert {call["temperature"] for call in engine.told()["calls"]} == {0}
    assert not await Message.objects.aexists()


async def test_a_model_of_another_workspace_cannot_be_tried(live_site, make_model, outsider, client):
    model = await sync_to_async(make_model)()
    await sync_to_async(client.force_login)(outsider)
    session = f"sessionid={client.cookies['sessionid'].value}"
    async with socket(live_site, "/ws/try/", session) as line:
        await say(line, type="ask", model=str(model.pk), text="Hello")
        assert (await hear(line))["code"] == "not_understood"


async def test_former_members_cannot_go_on(live_site, app, editor, client):
    await sync_to_async(client.force_login)(editor)
    session = f"sessionid={client.cookies['sessionid'].value}"
    async with socket(live_site, f"/ws/apps/{app.pk}/", session) as line:
        await Membership.objects.filter(user=editor).adelete()
        assert await closing_code(line) == 4410


@pytest.mark.faults
async def test_a_silent_socket_stays_open_for_a_minute(live_site, path, visitor, streaming):
    async with socket(live_site, path, visitor) as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(61):
                await line.recv()
        async with streaming():
            await say(line, type="ask", text="Hello")
            text, _ = await hear_answer(line)
    assert text == WHOLE


def test_a_cookie_that_we_did_not_sign_names_nobody():
    assert visitor_key_in({COOKIE: "a-visitor"}) is None
    assert visitor_key_in({}) is None
