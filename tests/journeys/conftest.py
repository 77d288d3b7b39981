"""One studio for all journeys: whoever comes first sets it up, in the browser."""

from __future__ import annotations

import json
import random
from pathlib import Path
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


def long_answers(path: Path) -> Path:
    """Questions whose answers are words in no order, far more of them than ends of answers."""
    chance = random.Random(7)
    words = ["open", "closed", "library", "station", "square", "morning", "evening", "Friday"]
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Question {number}?"},
                {"role": "assistant", "content": answer},
            ]
        }
        for number in range(120)
        for answer in [" ".join(chance.choices(words, k=60))]
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def talkative(rest: Rest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A chat model that says words and does not stop: whatever the processor's rounding, the likeliest is a word."""
    version = rest.confirm(rest.upload(long_answers(tmp_path_factory.mktemp("talkative") / "talk.jsonl")))
    run = rest.start_run(version, "starter:causal:tiny", max_steps=12)
    return rest.wait("runs", run)
