"""One studio for all journeys: whoever comes first sets it up, in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from examples import get_example
from launcher.throwaway import Studio
from tests.fixtures.browser import Complaints
from tests.fixtures.rest import Rest

OWNER, PASSWORD = "owner@example.com", "a rather long password"


@pytest.fixture(scope="session")
def signed_in(studio: Studio, browser: Browser) -> Any:
    """The owner's cookies, after the first visit: the set-up page, opened by its token."""
    complaints = Complaints()
    context = browser.new_context(base_url=studio.url)
    complaints.watch(context)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="This studio is waiting for its owner")).to_be_visible()
    page.goto(f"/setup/?token={studio.setup_token}")
    page.get_by_label("Your e-mail address").fill(OWNER)
    page.get_by_label("Your name").fill("Olga Owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Name of your team or project").fill("City library")
    page.get_by_role("button", name="Create the studio").click()
    expect(page.get_by_role("heading", name="Make a model your own")).to_be_visible()
    state = context.storage_state()
    context.close()
    assert not complaints.left()
    return state


@pytest.fixture(scope="session")
def rest(studio: Studio, browser: Browser, signed_in: Any) -> Rest:
    """The REST API, by a key that was made on the page of keys."""
    context = browser.new_context(base_url=studio.url, storage_state=signed_in)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("What is it for?").fill("journeys")
    page.get_by_role("button", name="Make a key").click()
    secret = page.locator("#secret").inner_text()
    context.close()
    return Rest(studio.url, secret)


@pytest.fixture(scope="session")
def tickets(rest: Rest) -> dict[str, Any]:
    """The ticket example as a dataset version."""
    return rest.confirm(rest.upload(get_example("support_tickets").path))


@pytest.fixture(scope="session")
def talkative(rest: Rest) -> dict[str, Any]:
    """A chat model after a few steps: it has learned to say words, and not yet to stop."""
    version = rest.confirm(rest.upload(get_example("library_help_desk").path))
    run = rest.start_run(version, "starter:causal:tiny", max_steps=3)
    return rest.wait("runs", run)
