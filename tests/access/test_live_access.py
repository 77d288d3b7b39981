"""Sockets and streams that are open end within seconds of what let them in: a role, a session, a key, a link, a workspace."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.utils import timezone
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from apps.accounts.models import User
from apps.publishing.services import apps, links
from apps.publishing.visitors import COOKIE
from apps.workspaces.access import live_access
from apps.workspaces.access.api_keys import create_api_key, revoke_api_key
from apps.workspaces.models import ApiKey, Membership, Role
from apps.workspaces.team import lifecycle, members

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
CLOSED = 4410
PATIENCE_SECONDS = 10
"""Far above what a hint takes, and below the time after which everybody looks anyway."""
Change = Callable[[], object]


@pytest.fixture(autouse=True)
def _only_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by the clock, so that what closes is closed by its hint."""
    monkeypatch.setattr(live_access, "LOOK_SECONDS", 600.0)


@contextlib.asynccontextmanager
async def opened(live_site: Any, path: str, cookie: str) -> AsyncIterator[Any]:
    address = f"ws://{live_site.host}{path}"
    async with connect(address, origin=live_site.url, additional_headers={"Cookie": cookie}) as line:
        yield line


async def closing_code(line: Any) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await line.recv()
    return line.close_code


async def stays_open(line: Any) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await line.recv()
    return line.close_code is None


@pytest.fixture
def session_of(client_for: Any) -> Callable[[Any], str]:
    """The cookie of a new session."""
    return lambda user: f"sessionid={client_for(user).cookies['sessionid'].value}"


def ends_of(workspace: Any, owner: Any, editor: Any) -> dict[str, Change]:
    """Everything that ends what an editor has open."""
    membership = Membership.objects.get(workspace=workspace, user=editor)
    return {
        "removed": lambda: members.remove_member(actor=owner, membership=membership),
        "left": lambda: members.leave(actor=editor, workspace=workspace),
        "removed in the admin": membership.delete,
        "workspace deleted": lambda: lifecycle.delete_workspace(
            actor=owner, workspace=workspace, typed_name=workspace.name
        ),
        "account closed": lambda: [setattr(editor, "is_active", False), editor.save()],
        "signed out": lambda: Session.objects.all().delete(),
    }


ENDS = ["removed", "left", "removed in the admin", "workspace deleted", "account closed", "signed out"]


@pytest.mark.parametrize("end", ENDS)
async def test_sockets_of_members_close(
    live_site: Any, workspace: Any, owner: Any, editor: Any, app: Any, new_job: Any, session_of: Any, end: str
) -> None:
    job = await sync_to_async(new_job)("run", "running")
    cookie = await sync_to_async(session_of)(editor)
    ends = await sync_to_async(ends_of)(workspace, owner, editor)
    async with (
        opened(live_site, f"/ws/jobs/{job.pk}/", cookie) as watching,
        opened(live_site, f"/ws/apps/{app.pk}/", cookie) as preview,
    ):
        await sync_to_async(ends[end])()
        assert [await closing_code(watching), await closing_code(preview)] == [CLOSED, CLOSED]


async def test_a_lower_role_closes_what_it_does_not_allow_and_nothing_else(
    live_site: Any, workspace: Any, owner: Any, editor: Any, new_job: Any, session_of: Any
) -> None:
    job = await sync_to_async(new_job)("run", "running")
    cookie = await sync_to_async(session_of)(editor)
    membership = await Membership.objects.aget(workspace=workspace, user=editor)
    async with opened(live_site, f"/ws/jobs/{job.pk}/", cookie) as line:
        await sync_to_async(members.set_role)(actor=owner, membership=membership, role=Role.VIEWER)
        assert await stays_open(line), "a viewer may look"


async def test_somebody_elses_end_closes_nothing(
    live_site: Any, owner: Any, editor: Any, viewer: Any, workspace: Any, new_job: Any, session_of: Any
) -> None:
    job = await sync_to_async(new_job)("run", "running")
    cookie = await sync_to_async(session_of)(editor)
    theirs = await Membership.objects.aget(workspace=workspace, user=viewer)
    async with opened(live_site, f"/ws/jobs/{job.pk}/", cookie) as line:
        await sync_to_async(members.remove_member)(actor=owner, membership=theirs)
        assert await stays_open(line)


async def test_a_trial_under_way_ends_with_the_membership(
    live_site: Any, make_model: Any, editor: Any, session_of: Any, streaming: Any, engine: Any
) -> None:
    engine.misbehave(pause=0.1, pieces=200)
    model, cookie = await sync_to_async(make_model)(), await sync_to_async(session_of)(editor)
    async with streaming(), opened(live_site, "/ws/try/", cookie) as line:
        await line.send(json.dumps({"type": "ask", "model": str(model.pk), "text": "Hello"}))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while json.loads(await line.recv())["type"] != "text":
                pass
        await sync_to_async(_remove)(editor)
        assert await closing_code(line) == CLOSED


def _remove(user: User) -> None:
    Membership.objects.get(user=user).delete()


@pytest.fixture
def visitor(client: Any, live_site: Any, link: Any) -> str:
    return f"{COOKIE}={client.get(f'/a/{link[1]}/').cookies[COOKIE].value}"


async def test_a_visitors_socket_closes_with_the_workspace(
    live_site: Any, link: Any, visitor: str, workspace: Any, owner: Any
) -> None:
    async with opened(live_site, f"/ws/a/{link[1]}/", visitor) as line:
        close = sync_to_async(lifecycle.delete_workspace)
        await close(actor=owner, workspace=workspace, typed_name=workspace.name)
        assert await closing_code(line) == CLOSED


async def test_a_reply_followed_without_a_socket_ends_with_its_link(
    live_site: Any, link: Any, visitor: str, owner: Any, streaming: Any, engine: Any
) -> None:
    engine.misbehave(pause=0.1, pieces=300)
    async with streaming(), httpx.AsyncClient(base_url=live_site.url, headers={"Cookie": visitor}) as http:
        headers = {"Accept": "application/json"}
        asked = await http.post(f"/a/{link[1]}/act/", json={"type": "ask", "text": "Hello"}, headers=headers)
        answer = asked.json()["answer"]["id"]
        async with http.stream("GET", f"/a/{link[1]}/m/{answer}/stream/") as response:
            lines = response.aiter_lines()
            await first_with(lines, '"text"')
            await sync_to_async(links.revoke_share_link)(actor=owner, link=link[0])
            async with asyncio.timeout(PATIENCE_SECONDS):
                rest = [line async for line in lines if line.startswith("data:")]
    assert json.loads(rest[-1].removeprefix("data:"))["type"] in ("closed", "end")


async def first_with(lines: Any, part: str) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for line in lines:
            if part in line:
                return str(line)
    raise AssertionError(f"nothing with {part} was sent")


def ends_of_key(key: ApiKey, app: Any, workspace: Any, owner: Any, editor: Any) -> dict[str, Change]:
    return {
        "revoked": lambda: revoke_api_key(actor=editor, key=key),
        "maker removed": lambda: _remove(editor),
        "maker's account closed": lambda: [setattr(editor, "is_active", False), editor.save()],
        "app archived": lambda: apps.archive_app(actor=owner, app=app),
        "workspace deleted": lambda: lifecycle.delete_workspace(
            actor=owner, workspace=workspace, typed_name=workspace.name
        ),
    }


ENDS_OF_KEY = ["revoked", "maker removed", "maker's account closed", "app archived", "workspace deleted"]


@contextlib.asynccontextmanager
async def streaming_answer(live_site: Any, secret: str, slug: str) -> AsyncIterator[Any]:
    """An answer of /v1 whose first piece has come."""
    headers = {"Authorization": f"Bearer {secret}"}
    asked = {"model": slug, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    async with (
        httpx.AsyncClient(base_url=live_site.url, headers=headers, timeout=30) as http,
        http.stream("POST", "/v1/chat/completions", json=asked) as response,
    ):
        assert response.status_code == 200, await response.aread()
        lines = response.aiter_lines()
        await first_with(lines, '"content"')
        yield lines


@pytest.mark.parametrize("end", ENDS_OF_KEY)
async def test_an_answer_of_v1_ends_with_its_key(
    live_site: Any, app: Any, workspace: Any, owner: Any, editor: Any, engine: Any, end: str
) -> None:
    engine.misbehave(pause=0.1, pieces=300)
    make = sync_to_async(create_api_key)
    key, secret = await make(actor=editor, workspace=workspace, name="k", app=app)
    async with streaming_answer(live_site, secret, app.slug) as lines:
        await sync_to_async(ends_of_key(key, app, workspace, owner, editor)[end])()
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest = [line async for line in lines if line.startswith("data:")]
    last = json.loads(rest[-1].removeprefix("data:"))
    assert last["error"]["code"] == "invalid_api_key"
    async with httpx.AsyncClient(base_url=live_site.url) as http:
        again = await http.get("/v1/models", headers={"Authorization": f"Bearer {secret}"})
    assert again.status_code == 401 or again.json()["data"] == []


async def test_what_ends_by_the_clock_is_noticed_without_a_hint(
    live_site: Any, app: Any, workspace: Any, editor: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_access, "LOOK_SECONDS", 0.2)
    engine.misbehave(pause=0.1, pieces=300)
    make = sync_to_async(create_api_key)
    key, secret = await make(actor=editor, workspace=workspace, name="k", app=app)
    async with streaming_answer(live_site, secret, app.slug) as lines:
        past = timezone.now() - timedelta(seconds=1)
        await ApiKey.objects.filter(pk=key.pk).aupdate(expires_at=past)
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest = [line async for line in lines if line.startswith("data:")]
    assert json.loads(rest[-1].removeprefix("data:"))["error"]["code"] == "invalid_api_key"
