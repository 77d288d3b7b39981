"""A browser that keeps no cookies, as schools and some people set it: pages say so, instead of that the link is closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application
from playwright.sync_api import Browser, Page, expect

from studio.asgi import application
from tests.access.world import build_world
from tests.fixtures.publishing import LiveSite
from tests.fixtures.static_files import WithStaticFiles

pytestmark = pytest.mark.journey

BLOCK = 2
"""Chromium's word for a setting that refuses."""


@pytest.fixture
def whole_site(_beside_playwright: None, transactional_db: None, engine: object) -> Iterator[LiveSite]:
    """With its sockets, which say what the page then shows, and its static files."""
    http = WithStaticFiles(get_asgi_application())
    sockets = application.application_mapping["websocket"]
    with LiveSite(ProtocolTypeRouter({"http": http, "websocket": sockets})) as running:
        yield running


@pytest.fixture
def page(browser: Browser, chromium_path: str, tmp_path: Path) -> Iterator[Page]:
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    values = {"profile": {"default_content_setting_values": {"cookies": BLOCK}}}
    preferences.write_text(json.dumps(values))
    context = browser.browser_type.launch_persistent_context(
        str(tmp_path), executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"]
    )
    yield context.new_page()
    context.close()


def test_pages_say_that_they_need_cookies(whole_site: LiveSite, page: Page) -> None:
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    token = build_world().ours.things["link_token"]
    page.goto(f"{whole_site.url}/a/{token}/")
    assert page.evaluate("(() => { try { return !localStorage } catch { return true } })()"), "not blocked"
    expect(page.locator("#offline")).to_contain_text("This page needs cookies")
    before = page.locator("html").get_attribute("data-bs-theme")
    page.locator("#theme-toggle").click()
    assert page.locator("html").get_attribute("data-bs-theme") != before
    page.goto(f"{whole_site.url}/accounts/login/")
    page.get_by_label("E-mail address").fill("owner@example.com")
    page.get_by_label("Password").fill("p")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This page needs cookies")).to_be_visible()
    assert not failed
