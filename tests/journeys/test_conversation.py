"""Nothing that people wrote disappears: questions that a server does not take, versions, other tabs, drafts; and how a text
is entered on phones and with input methods."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect

from apps.publishing.models import Message
from tests.access.world import build_world
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import PHONE, Complaints
from tests.fixtures.publishing import FaultyEngine, LiveSite
from tests.journeys.pages import cookies_of

pytestmark = pytest.mark.journey


@pytest.fixture
def address(answering: LiveSite, link: tuple[Any, str]) -> str:
    return f"{answering.url}/a/{link[1]}/"


@pytest.fixture
def context(browser: Browser, complaints: Complaints) -> Iterator[BrowserContext]:
    """A visitor's browser, whose tabs share their cookies."""
    context = browser.new_context()
    complaints.watch(context)
    bring_axe(context)
    yield context
    context.close()


def questions(page: Page) -> Locator:
    return page.locator(".turn.user .text")


def field(page: Page) -> Locator:
    return page.get_by_label("Your message")


def ask(page: Page, *texts: str) -> None:
    for text in texts:
        number = page.locator(".turn.assistant").count() + 1
        field(page).fill(text)
        field(page).press("Enter")
        expect(page.locator(".turn.assistant:not(.busy)")).to_have_count(number)


def test_a_conversation_that_became_short_is_at_its_end(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 500})
    page.goto(address)
    ask(page, "One?", "Two?", "Three?", "Four?")
    page.locator("#scroller").evaluate("one => { one.scrollTop = 0; }")
    expect(page.locator("#to-end")).to_be_visible()
    page.get_by_role("button", name="Answer again").first.click()
    expect(questions(page)).to_have_text(["One?"])
    expect(page.locator(".turn.assistant:not(.busy)")).to_have_count(1)
    expect(page.locator("#to-end")).to_be_hidden()


def test_a_suggested_question_is_sent_as_it_was_written(
    address: str, context: BrowserContext, link: tuple[Any, str]
) -> None:
    version = link[0].app.versions.get()
    version.stored_settings["suggestions"] = ["When do you open?"]
    version.save()
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="When do you open?").click()
    expect(page.locator(".turn.assistant:not(.busy)")).to_have_count(1)
    assert list(Message.objects.filter(role="user").values_list("text", flat=True)) == ["When do you open?"]


def test_without_scripts_an_answer_comes_by_itself(
    address: str, browser: Browser, engine: FaultyEngine
) -> None:
    engine.misbehave(pause=1, pieces=6)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    field(page).fill("When do you open?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Answering…")).to_be_visible()
    expect(page.get_by_text("Answering…")).to_be_hidden()
    expect(page.locator(".turn.assistant .text")).not_to_be_empty()
    expect(page.locator("meta[http-equiv=refresh]")).to_have_count(0)
    context.close()


def test_what_is_replaced_is_kept_as_a_version(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(address)
    ask(page, "One?", "Two?", "Three?")
    page.get_by_role("button", name="Answer again").first.click()
    expect(questions(page)).to_have_text(["One?"])
    expect(page.locator("#kept")).to_contain_text("Later messages in it: 4.")
    expect(page.locator(".turn.assistant .version-count")).to_have_text("2 / 2")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    assert not violations(page, "light") + violations(page, "dark")
    page.get_by_role("button", name="View").click()
    expect(questions(page)).to_have_text(["One?", "Two?", "Three?"])
    field(page).fill("a draft")
    page.get_by_role("button", name="Edit and send again").nth(1).click()
    expect(field(page)).to_have_value("Two?")
    field(page).fill("Two!")
    page.reload()
    expect(field(page)).to_have_value("Two!")
    field(page).press("Escape")
    expect(field(page)).to_have_value("a draft")
    page.reload()
    expect(field(page)).to_have_value("a draft")
    page.get_by_role("button", name="Edit and send again").nth(1).click()
    page.reload()
    expect(field(page)).to_have_value("Two?")
    field(page).fill("Two!")
    field(page).press("Enter")
    expect(questions(page)).to_have_text(["One?", "Two!"])
    expect(field(page)).to_have_value("a draft")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    page.reload()
    expect(field(page)).to_have_value("a draft")
    page.locator(".turn.user").nth(1).get_by_role("button", name="Show the previous version").click()
    expect(questions(page)).to_have_text(["One?", "Two?", "Three?"])
    page.reload()
    expect(questions(page)).to_have_text(["One?", "Two?", "Three?"])


def test_the_version_that_was_replaced_comes_back_and_not_a_newer_one(
    address: str, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(address)
    ask(page, "One?", "Two?", "Three?")
    page.get_by_role("button", name="Answer again").first.click()
    expect(page.locator(".turn.assistant .version-count")).to_have_text("2 / 2")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    page.locator(".turn.assistant").get_by_role("button", name="Show the previous version").click()
    expect(questions(page)).to_have_text(["One?", "Two?", "Three?"])
    page.get_by_role("button", name="Edit and send again").first.click()
    field(page).fill("One!")
    field(page).press("Enter")
    expect(questions(page)).to_have_text(["One!"])
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    page.get_by_role("button", name="View").click()
    expect(questions(page)).to_have_text(["One?", "Two?", "Three?"])


def test_tabs_of_one_conversation_see_each_other(address: str, context: BrowserContext) -> None:
    one, two = context.new_page(), context.new_page()
    one.goto(address)
    ask(one, "From one")
    two.goto(one.url)
    ask(one, "Again from one")
    expect(questions(two)).to_have_text(["From one", "Again from one"])
    expect(two.locator(".turn.assistant:not(.busy)")).to_have_count(2)
    # A tab that hears of nothing is refused, and shows what it missed.
    deaf = context.new_page()
    deaf.route_web_socket(
        "**/ws/a/**",
        lambda line: _without_hints(line),
    )
    deaf.goto(one.url)
    ask(one, "Third")
    expect(questions(deaf)).to_have_count(2)
    field(deaf).fill("From the deaf")
    field(deaf).press("Enter")
    expect(deaf.get_by_text("This conversation continued in another tab.")).to_be_visible()
    expect(questions(deaf)).to_have_text(["From one", "Again from one", "Third", "From the deaf"])
    deaf.get_by_role("button", name="Send again", exact=True).click()
    expect(deaf.locator(".turn.assistant:not(.busy)")).to_have_count(4)
    expect(questions(one)).to_have_text(["From one", "Again from one", "Third", "From the deaf"])


def _without_hints(line: WebSocketRoute) -> None:
    """Nothing about other tabs comes through, until the page asks."""
    server = line.connect_to_server()
    asked = threading.Event()

    def from_page(text: str | bytes) -> None:
        if '"ask"' in str(text):
            asked.set()
        server.send(text)

    def from_server(text: str | bytes) -> None:
        if '"changed"' not in str(text) and (asked.is_set() or '"type": "conversation"' not in str(text)):
            line.send(text)

    line.on_message(from_page)
    server.on_message(from_server)


def test_a_question_is_seen_at_once_and_outlives_a_server_that_stalls(
    address: str, context: BrowserContext
) -> None:
    page = context.new_page()
    lines: list[WebSocketRoute] = []

    def stall_first(line: WebSocketRoute) -> None:
        lines.append(line)
        if len(lines) > 1:
            line.connect_to_server()

    page.route_web_socket("**/ws/a/**", stall_first)
    page.goto(address)
    field(page).fill("Is anybody there?")
    field(page).press("Enter")
    asked = page.locator(".turn.user")
    expect(asked.locator(".text")).to_have_text("Is anybody there?", timeout=5000)
    expect(asked.locator(".status")).to_have_text("Sending…", timeout=5000)
    expect(field(page)).to_have_value("")
    expect(asked.locator(".status")).to_contain_text("The server is not responding yet.")
    asked.get_by_role("button", name="Send again").click()
    expect(page.locator(".turn.assistant:not(.busy)")).to_have_count(1)
    expect(questions(page)).to_have_text(["Is anybody there?"])
    # Reloaded before the server took it, the question is asked again, and taken once.
    lines.clear()
    page.reload()
    field(page).fill("And now?")
    field(page).press("Enter")
    expect(page.locator(".turn.user .status").last).to_have_text("Sending…")
    page.reload()
    expect(page.locator(".turn.assistant:not(.busy)")).to_have_count(2)
    expect(questions(page)).to_have_text(["Is anybody there?", "And now?"])


def test_a_question_that_is_refused_is_kept(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.route_web_socket("**/ws/a/**", _refusing)
    page.goto(address)
    field(page).fill("Take this")
    field(page).press("Enter")
    asked = page.locator(".turn.user")
    expect(asked.locator(".status")).to_have_text("Not sent.")
    expect(page.get_by_text("Too many questions.")).to_be_visible()
    page.reload()
    expect(asked.locator(".text")).to_have_text("Take this")
    asked.get_by_role("button", name="Edit", exact=True).click()
    expect(field(page)).to_have_value("Take this")
    expect(asked).to_have_count(0)


def _refusing(line: WebSocketRoute) -> None:
    def answer(text: Any) -> None:
        asked = json.loads(text)
        told = {"type": "refused", "code": "too_often", "text": "Too many questions."}
        if asked["type"] == "ask":
            line.send(json.dumps(told | {"request_key": asked["request_key"]}))

    line.on_message(answer)


def test_one_of_two_models_is_refused_and_the_other_answers_on(
    site: LiveSite, context: BrowserContext
) -> None:
    world = build_world()
    context.add_cookies(cookies_of(world.clients["owner"], site))
    page = context.new_page()

    def refuse_the_second(line: WebSocketRoute) -> None:
        def answer(text: Any) -> None:
            asked = json.loads(text)
            if asked["type"] == "stop":
                line.send(json.dumps({"type": "end", "message": asked["message"], "state": "stopped"}))
            elif asked["model"] == str(world.ours.things["model"].pk):
                told = {"type": "refused", "code": "too_often", "text": "Too many questions."}
                line.send(json.dumps(told | {"request_key": asked["request_key"]}))
            else:
                told = {"type": "trial", "request_key": asked["request_key"], "message": "m1"}
                line.send(json.dumps(told))
                line.send(json.dumps({"type": "state", "message": "m1", "seq": 1, "state": "answering"}))

        line.on_message(answer)

    page.route_web_socket("**/ws/try/", refuse_the_second)
    page.goto(f"{site.url}/try/{world.ours.things['model'].pk}/")
    page.locator("#text").fill("Hello")
    page.get_by_role("button", name="Ask both").click()
    expect(page.get_by_text("Too many questions.")).to_be_visible()
    expect(page.locator(".trial.tuned")).not_to_have_class(re.compile("busy"))
    expect(page.locator(".trial.base")).to_have_class(re.compile("busy"))
    expect(page.locator(".trial.base .trial-status")).not_to_be_empty()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".trial.base")).not_to_have_class(re.compile("busy"))
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def test_phones_and_input_methods(address: str, browser: Browser, context: BrowserContext) -> None:
    phone = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    phone.goto(address)
    field(phone).fill("first line")
    field(phone).press("Enter")
    field(phone).type("second")
    expect(field(phone)).to_have_value("first line\nsecond")
    expect(phone.get_by_text("Press Enter for a new line, and the button to send.")).to_be_visible()
    assert field(phone).get_attribute("enterkeyhint") == "enter"
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(questions(phone)).to_have_text(["first line\nsecond"])

    phone.context.close()

    desk = context.new_page()
    desk.goto(address)
    field(desk).fill("にほん")
    for composing in ({"isComposing": True}, {"keyCode": 229}):
        for modifier in ({}, {"ctrlKey": True}):
            desk.evaluate(
                "(more) => document.getElementById('text').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, ...more}))",
                {**composing, **modifier},
            )
    expect(questions(desk)).to_have_count(0)
    # 30,000 characters, which a script counts as 60,000.
    field(desk).fill("🙂" * 30_000)
    field(desk).press("Enter")
    expect(desk.locator(".turn.user")).to_have_count(1)
    expect(desk.locator("#refused")).to_be_hidden()
