"""Every form of every template, sent by Chromium as a person sends it, has its effect: else it is a dead end.

The list comes from the templates. A new form fails the test until EFFECTS says what it does, and a page of the world
(tests/journeys/form_states.py) shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.asgi import get_asgi_application
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, BrowserContext, Error, Page

from apps.core import reachability
from tests.access.bodies import body_for
from tests.access.world import World, build_world
from tests.fixtures.model_archives import model_zip
from tests.fixtures.provider import signing_in_through
from tests.fixtures.publishing import LiveSite
from tests.fixtures.static_files import WithStaticFiles
from tests.journeys.account_forms import AccountForms
from tests.journeys.expected_effects import EFFECTS, WITHOUT_SCRIPTS
from tests.journeys.form_effects import Recording
from tests.journeys.form_sending import is_shown, open_page, send, send_over_socket, target
from tests.journeys.form_states import LINK_PASSWORD, first_states, states
from tests.journeys.forms import all_forms, forms_of, with_marking
from tests.journeys.pages import contexts, pages

pytestmark = pytest.mark.journey

BODIES: dict[str, dict[str, Any]] = {
    "catalog:base_upload": {
        "file": {"name": "model.zip", "mimeType": "application/zip", "buffer": model_zip()}
    },
    "publishing:visit_unlock": {"password": LINK_PASSWORD},
    "publishing:embed_unlock": {"password": LINK_PASSWORD},
    "workspaces:join": {"email": "new@example.com", "name": "Nia", "password": "quite long words"},
}


@pytest.fixture
def site(_beside_playwright: None, transactional_db: None, engine: Any, settings: Any) -> Iterator[LiveSite]:
    """The site with its sockets, whose forms are marked and whose answers are recorded."""
    from studio.asgi import application as whole

    settings.TEMPLATES = with_marking(settings.TEMPLATES)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{Recording.__module__}.{Recording.__qualname__}"]
    pages_of_site = get_asgi_application()  # reads the middleware, once

    async def application(scope: Any, receive: Any, send_back: Any) -> None:
        chosen = whole if scope["type"] == "websocket" else pages_of_site
        await chosen(scope, receive, send_back)

    with LiveSite(WithStaticFiles(application)) as running:
        yield running


class Sender:
    """Sends forms, each once, and keeps what went wrong."""

    def __init__(self) -> None:
        self.sent: set[str] = set()
        self.wrong: list[str] = []

    def send(self, page: Page, name: str, body: dict[str, Any]) -> None:
        """Send a form and check its effect, that of the first time. Raises AssertionError, or Playwright's errors."""
        expected = EFFECTS.get(name, "an entry in EFFECTS")
        Recording.effects.clear()
        try:
            if expected.startswith("socket:"):
                send_over_socket(page, name, body, expected.removeprefix("socket:"))
            else:
                found = Recording.take(send(page, name, body))
                assert expected in found or name in self.sent, f"{sorted(found)} instead of {expected}"
        except (AssertionError, Error) as error:
            error.add_note(f"{name} at {page.url}, “{page.title()}”")
            raise
        self.sent.add(name)

    def try_to_send(self, page: Page, name: str, body: dict[str, Any]) -> None:
        try:
            self.send(page, name, body)
        except Exception as error:
            self.wrong.append(f"{name} at {page.url}: {str(error).splitlines()[0]}")


def _tab(context: BrowserContext) -> Page:
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    return page


class Sweep:
    """Opens pages as the people of the world, and sends every form that was not sent before."""

    def __init__(self, browser: Browser, site: LiveSite, world: World, sender: Sender) -> None:
        self.world, self.sender = world, sender
        self.contexts = contexts(browser, site, world)
        self.contexts["without scripts"] = browser.new_context(base_url=site.url, java_script_enabled=False)
        self.cookies = {person: context.cookies() for person, context in self.contexts.items()}
        self.tabs = {person: _tab(context) for person, context in self.contexts.items()}

    def open(self, path: str, person: str) -> Page:
        self._sign_in(person)
        page = self.tabs[person]
        open_page(page, path)
        return page

    def _sign_in(self, person: str) -> None:
        """Again: signing out, for one, takes the cookie along."""
        self.contexts[person].clear_cookies()
        self.contexts[person].add_cookies(self.cookies[person])  # type: ignore[arg-type]

    def at(self, path: str, person: str) -> None:
        html = self._read(path, person)
        later = WITHOUT_SCRIPTS if person != "without scripts" else set()
        for name in forms_of(html):
            if name in self.sender.sent | later:
                continue
            page = self.open(path, person)
            if is_shown(page, name):
                key = _key(page, name)
                body = body_for(key, "POST", self.world.ours) | BODIES.get(key, {})
                self.sender.try_to_send(page, name, body)

    def _read(self, path: str, person: str) -> str:
        """The source of a page; empty for an answer to a script and for a part of a page."""
        self._sign_in(person)
        answer = self.contexts[person].request.get(path)
        html = answer.text() if "text/html" in answer.headers.get("content-type", "") else ""
        return html if "<!doctype html>" in html[:2000].lower() else ""

    def close(self) -> None:
        for context in self.contexts.values():
            context.close()


def _key(page: Page, name: str) -> str:
    """The name of the address that a form is sent to; empty for none of ours."""
    try:
        return str(resolve(target(page, name)).view_name)
    except Resolver404:
        return ""


@pytest.mark.timeout(1800)  # as long as the number of forms makes it, on a busy machine
def test_every_form(
    site: LiveSite,
    browser: Browser,
    provider_url: str,
    settings: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender = Sender()
    verification = settings.ACCOUNT_EMAIL_VERIFICATION
    _accounts(browser, site, provider_url, settings, sender)
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    settings.SIGN_UP, settings.NETWORK_FILE = "invitation", str(tmp_path / "network.json")
    monkeypatch.setattr(reachability, "lan_address", lambda: "192.0.2.7")  # where no network is
    monkeypatch.setattr(Recording, "takes_back", True)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 3600  # the sweep outlasts five minutes on a busy machine
    world = build_world()
    sweep = Sweep(browser, site, world, sender)
    for path, person in first_states(world):
        sweep.at(path, person)
    for _name, path, person in pages(world):
        sweep.at(path, person)
    for path, person in states(world, settings):
        sweep.at(path, person)
    sweep.close()
    assert not sender.wrong, "\n".join(sender.wrong)
    assert sender.sent == all_forms(), f"No page showed {sorted(all_forms() - sender.sent)}"
    assert EFFECTS.keys() == all_forms(), f"Gone from the templates: {sorted(EFFECTS.keys() - all_forms())}"


def _accounts(browser: Browser, site: LiveSite, provider_url: str, settings: Any, sender: Sender) -> None:
    """Send what changes how a person signs in, with everything written for good."""
    settings.SIGN_UP, settings.ACCOUNT_EMAIL_VERIFICATION = "open", "mandatory"
    # The standard has no passkeys for numbers.
    provider = provider_url.replace("127.0.0.1", "localhost")
    settings.SOCIALACCOUNT_PROVIDERS = signing_in_through(provider)
    # Without an address the page asks for one.
    httpx.put(f"{provider}/users/nia", json={"name": "Nia"}).raise_for_status()
    context = browser.new_context(base_url=site.url.replace("127.0.0.1", "localhost"))
    AccountForms(_tab(context), sender.send).all()
    context.close()
