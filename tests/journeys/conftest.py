"""One studio for all journeys: whoever comes first sets it up, in the browser."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from channels.routing import ProtocolTypeRouter
from playwright.sync_api import Browser, StorageState, expect

from examples import get_example
from launcher.throwaway import Studio
from tests.fixtures.browser import Complaints, closing_contexts
from tests.fixtures.keyboard import Keyboard
from tests.fixtures.publishing import FaultyEngine, LiveSite
from tests.fixtures.rest import Rest, wait_for
from tests.fixtures.static_files import WithStaticFiles
from tests.fixtures.talkative import train_talkative

OWNER, PASSWORD = "owner@example.com", "a rather long password"


@pytest.fixture(scope="session")
def signed_in(studio: Studio, browser: Browser) -> StorageState:
    """The owner's cookies, after the first visit: the set-up page, opened by its token and filled in by keyboard."""
    complaints = Complaints()
    context = browser.new_context(base_url=studio.url)
    complaints.watch(context)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="This studio is not set up yet")).to_be_visible()
    page.goto(f"/setup/?token={studio.setup_token}")
    keys = Keyboard(page)
    keys.fill(page.get_by_label("Your e-mail address"), OWNER)
    keys.fill(page.get_by_label("Your name"), "Olga Owner")
    keys.fill(page.get_by_label("Password"), PASSWORD)
    keys.fill(page.get_by_label("Name of your team or project"), "City library")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Train your own model")).to_be_visible()
    state = context.storage_state()
    context.close()
    assert not complaints.left()
    return state


@pytest.fixture(scope="session")
def rest(studio: Studio, browser: Browser, signed_in: StorageState) -> Rest:
    """The REST API, by a key that was made on the page of keys."""
    context = browser.new_context(base_url=studio.url, storage_state=signed_in)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("Purpose").fill("journeys")
    page.get_by_role("button", name="Create key").click()
    secret = page.locator("#secret").inner_text()
    context.close()
    return Rest(studio.url, secret)


@pytest.fixture(scope="session")
def tickets(rest: Rest) -> dict[str, Any]:
    """The ticket example as a dataset version."""
    return rest.confirm(rest.upload(get_example("support_tickets").path))


@pytest.fixture(scope="session")
def talkative(rest: Rest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return train_talkative(rest, tmp_path_factory.mktemp("talkative"))


@pytest.fixture(scope="session")
def story(rest: Rest, tickets: dict[str, Any]) -> dict[str, Any]:
    """One of everything: a run, a comparison, an app with a link, an export, an import that waits, one that failed."""
    run = rest.wait("runs", rest.start_run(tickets, "starter:classifier:tiny", max_steps=30))
    comparison = rest.call("POST", "comparisons/", json={"model": run["model_version"]})
    app, link = rest.publish(run["model_version"], name="Where does it belong?")
    example = get_example("support_tickets").path
    waiting = rest.upload(example)
    failed = rest.call("POST", "datasets/", files={"file": ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(64))})
    rest.wait("imports", waiting)
    rest.wait("imports", failed, state="failed")
    rest.wait("exports", rest.call("POST", f"models/{run['model_version']}/export/", json={}))
    wait_for(lambda: rest.read("comparisons", comparison)["job"], "The comparison")
    rest.wait("comparisons", comparison)
    return {
        "run": run, "comparison": comparison, "app": app, "link": link,
        "waiting": waiting, "failed": failed, "version": tickets,
    }  # fmt: skip


@pytest.fixture(scope="session")
def talkative_link(rest: Rest, talkative: dict[str, Any]) -> str:
    """A share link of a chat app whose answers are long enough to be stopped."""
    _, link = rest.publish(
        talkative["model_version"], confirm_verdict=True, name="Help desk", max_tokens=1200
    )
    return link


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The tables may be made in a process whose tests had a browser before, and so its loop."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def _beside_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loop runs in this thread, where Django would refuse to be asked."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def site(
    _beside_playwright: None, transactional_db: None, engine: FaultyEngine, browser: Browser
) -> Iterator[LiveSite]:
    """The site of this process with its static files, which elsewhere the set-up collects: pages without a studio."""
    from django.core.asgi import get_asgi_application

    with LiveSite(WithStaticFiles(get_asgi_application())) as running, closing_contexts(browser):
        yield running


@pytest.fixture
def answering(
    _beside_playwright: None, transactional_db: None, engine: FaultyEngine, browser: Browser
) -> Iterator[LiveSite]:
    """The site with its sockets, and a streamer in a loop of its own."""
    from django.core.asgi import get_asgi_application

    from studio.asgi import application

    whole = ProtocolTypeRouter(
        {
            "http": WithStaticFiles(get_asgi_application()),
            "websocket": application.application_mapping["websocket"],
        }
    )
    with LiveSite(whole) as site, _streamer(engine.url), closing_contexts(browser):
        yield site


class _streamer:
    def __init__(self, engine_url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run(engine_url)])

    async def _run(self, engine_url: str) -> None:
        from apps.publishing.connections import async_redis
        from apps.publishing.streamer.service import Streamer
        from apps.serving.client import EngineClient

        async with EngineClient(engine_url) as client:
            streamer = Streamer(name="journeys", connection=async_redis(), engine=client)
            running = asyncio.create_task(streamer.run())
            await self._stop.wait()
            streamer.stop.set()
            await running

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=20)
