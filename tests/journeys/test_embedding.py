"""An app on another site, in a real browser: the site is another origin, and nothing depends on third-party cookies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from apps.publishing.models import ShareLink
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import PHONE, Complaints
from tests.fixtures.publishing import LiveSite

pytestmark = pytest.mark.journey

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A school</title><main><h1>A school</h1><iframe src="{app}" title="In the page" width="100%" height="500"></iframe></main>
<script src="{app}bubble.js" async></script></html>"""


HAS_FOCUS = """(field) => new Promise((done) => {
    const look = () => (document.activeElement === field ? done() : setTimeout(look, 50));
    look();
})"""
"""Waits until the field is what its frame has focused. Playwright's own check asks for the window's focus, which a frame of
another site never has without a screen."""


@contextmanager
def website(app: str) -> Iterator[str]:
    """A site that shows the app in a frame and by its button. It is named otherwise than the studio: to browsers both are
    different sites, and not only different origins."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path == "/"
            self.send_response(200 if is_page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            # Only the scripts of the studio, and no style: the button needs no more.
            self.send_header("Content-Security-Policy", f"script-src {app}; style-src 'none'")
            self.end_headers()
            self.wfile.write(PAGE.format(app=app).encode() if is_page else b"")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture
def app_url(answering: LiveSite, link: tuple[ShareLink, str]) -> str:
    return f"{answering.url}/e/{link[1]}/"


@pytest.fixture
def context(browser: Browser, complaints: Complaints) -> Iterator[BrowserContext]:
    context = browser.new_context()
    complaints.watch(context)
    complaints.tolerate("status of 404")  # an icon of the site
    bring_axe(context)
    yield context
    context.close()


def test_an_allowed_site_shows_the_app_and_a_visitor_keeps_the_conversation(
    app_url: str, link: Any, context: BrowserContext
) -> None:
    with website(app_url) as site:
        ShareLink.objects.update(embed_sites=[site])
        page = context.new_page()
        page.goto(f"{site}/")
        frame = page.frame_locator("iframe[title='In the page']")
        frame.get_by_label("Your message").fill("Until when are you open?")
        frame.get_by_label("Your message").press("Enter")
        expect(frame.locator(".turn.assistant:not(.busy) .figures")).not_to_be_empty()
        (cookie,) = context.cookies()
        assert (cookie["name"], cookie["sameSite"], cookie["secure"]) == ("visitor-embedded", "None", True)
        assert cookie.get("partitionKey")
        page.reload()
        expect(frame.locator("#history-list li")).to_have_count(1)


def test_the_button_opens_and_closes_the_app_by_keyboard(
    app_url: str, link: Any, context: BrowserContext
) -> None:
    with website(app_url) as site:
        ShareLink.objects.update(embed_sites=[site])
        page = context.new_page()
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)
        page.goto(f"{site}/")
        button, panel = page.get_by_role("button", name="Open Front desk"), page.get_by_role("dialog")
        button.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "true")
        field = panel.frame_locator("iframe").get_by_label("Your message")
        field.evaluate(HAS_FOCUS)
        field.fill("Hello")
        box = panel.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (PHONE["width"], PHONE["height"])
        assert not violations(page)
        field.press("Escape")
        expect(panel).to_be_hidden()
        expect(button).to_be_focused(timeout=12000)
        button.press("Space")
        expect(field).to_have_value("Hello")
        panel.get_by_role("button", name="Close").click()
        expect(panel).to_be_hidden()


def test_the_browser_refuses_the_app_on_another_site(
    app_url: str, link: Any, context: BrowserContext, complaints: Complaints
) -> None:
    complaints.tolerate("frame-ancestors")
    with website(app_url) as site:
        ShareLink.objects.update(embed_sites=["https://www.example.org"])
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(f"{site}/")
        expect(page.get_by_role("button", name="Open Front desk")).to_be_visible()
        assert any("frame-ancestors https://www.example.org" in text for text in refused)
        assert not any(frame.url.startswith(app_url) for frame in page.frames)
