"""A studio whose database, Redis and files lie on one disk, and that disk fills up: it says so everywhere, refuses rather
than forgets, and goes on by itself once there is room."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from launcher.throwaway import Studio, start_studio
from tests.faults.conftest import OWNER, PASSWORD, full, small_file_system
from tests.fixtures.browser import Complaints
from tests.fixtures.patience import PATIENCE_SECONDS
from tests.fixtures.rest import Rest, wait_for
from tests.fixtures.talkative import train_talkative

pytestmark = pytest.mark.faults


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_file_system(folder) as mounted:
        if mounted is None:
            pytest.skip("Only root may mount the small file system that this test fills.")
        yield mounted


@pytest.fixture
def cramped(disk: Path) -> Iterator[Studio]:
    """On SQLite, which is what a studio has on a single machine."""
    studio = start_studio(disk / "data", {"BOOTSTRAP_PASSWORD": PASSWORD})
    try:
        studio.wait_until_ready()
        yield studio
    finally:
        studio.stop()


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def takes_writes(server: redis.Redis) -> bool:
    try:
        return bool(server.set("probe", "x" * 4096))
    except redis.ResponseError:
        return False


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def socket_status(studio: Studio, link: str, cookies: list[Any]) -> int:
    """What a WebSocket of the app is answered: 101, or why not."""
    headers = {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in cookies)}
    address = link.replace("http", "ws", 1).replace("/a/", "/ws/a/")
    try:
        with connect(address, origin=studio.url, additional_headers=headers):  # type: ignore[arg-type]
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def sign_in_status(studio: Studio) -> int:
    with httpx.Client(base_url=studio.url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        client.get("/accounts/login/")
        token = next((value for name, value in client.cookies.items() if "csrf" in name), "")
        wrong = {"login": OWNER, "password": "not the password", "csrfmiddlewaretoken": token}
        return client.post("/accounts/login/", data=wrong, headers={"Referer": studio.url}).status_code


def test_a_full_disk_is_said_everywhere_and_nothing_is_lost(
    cramped: Studio,
    disk: Path,
    open_page: Callable[..., Page],
    complaints: Complaints,
    tmp_path: Path,
) -> None:
    complaints.tolerate("status of 50[37]", "^50[37] from", "WebSocket")
    token = json.loads(cramped.manage("bootstrap", "--owner", OWNER, "--token", "--json"))["token"]
    rest = Rest(cramped.url, token)
    run = train_talkative(rest, tmp_path)
    app, link = rest.publish(run["model_version"], confirm_verdict=True, name="Front desk", max_tokens=40)
    owner, visitor = open_page(cramped.url), open_page(cramped.url)
    sign_in(owner)
    owner.get_by_role("button", name="Your account").wait_for()
    visitor.goto(link)
    ask(visitor, "When does the library open?")
    expect(visitor.get_by_text("40 tokens")).to_have_count(1)
    server = redis.Redis.from_url(cramped.note["environment"]["REDIS_URL"])
    with full(disk):
        wait_for(lambda: not takes_writes(server), "a Redis that refuses writes")
        for path in ("/console/", "/", "/apps/", "/data/"):
            shown = owner.goto(path)
            assert shown is not None
            assert shown.status in (200, 507), path
            expect(owner.get_by_text("The disk is full").first).to_be_visible()
        owner.goto("/console/")
        expect(owner.get_by_text("refuses writes")).to_be_visible()
        told = httpx.get(
            f"{cramped.url}/api/v1/apps/", headers={"Authorization": f"Bearer {token}"}, trust_env=False
        )
        assert (told.status_code, told.json()["error"]["code"]) == (507, "disk_full")
        ask(visitor, "And on Sunday?")
        expect(visitor.get_by_text("The studio's disk is full").first).to_be_visible()
        assert socket_status(cramped, link, visitor.context.cookies()) == 507
        # Each of these is refused before a password is looked at: no limit counts meanwhile.
        assert {sign_in_status(cramped) for _ in range(12)} == {507}
        visitor.reload()
        expect(visitor.get_by_text("And on Sunday?").first).to_be_visible()
    wait_for(lambda: takes_writes(server), "a Redis that takes writes again")
    visitor.reload()
    visitor.get_by_role("button", name="Send again", exact=True).click()
    expect(visitor.get_by_text("40 tokens")).to_have_count(2)
    assert rest.call("GET", f"apps/{app['id']}/")["id"] == app["id"]
    assert sign_in_status(cramped) == 200
