"""A published chat app under what happens to pages: reloads, restarts, Stop, a link that is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from launcher.throwaway import Studio
from tests.fixtures.browser import PHONE, Complaints
from tests.fixtures.rest import Rest

pytestmark = pytest.mark.journey

QUESTION = "When does Station Square open on Friday?"
MOST_TOKENS = 1200
"""Many enough for an answer that takes seconds; the model has never learned to stop."""


@pytest.fixture(scope="module")
def address(rest: Rest, talkative: dict[str, Any]) -> str:
    """A share link of a chat app, greedy: the same question always gets the same answer."""
    _, link = rest.publish(
        talkative["model_version"], confirm_verdict=True, name="Front desk", max_tokens=MOST_TOKENS
    )
    return link


@pytest.fixture(scope="module")
def whole_answer(studio: Studio, rest: Rest, talkative: dict[str, Any]) -> str:
    """What the model says to the question when nothing happens meanwhile."""
    app, _ = rest.publish(
        talkative["model_version"], confirm_verdict=True, name="Undisturbed", max_tokens=MOST_TOKENS
    )
    key = rest.call("POST", f"apps/{app['id']}/keys/", json={"name": "journeys"})["secret"]
    body = {"model": app["slug"], "messages": [{"role": "user", "content": QUESTION}]}
    headers = {"Authorization": f"Bearer {key}"}
    answer = rest.call("POST", f"{studio.url}/v1/chat/completions", json=body, headers=headers)
    assert answer["usage"]["completion_tokens"] == MOST_TOKENS
    words: str = answer["choices"][0]["message"]["content"]
    assert len(words.split()) > MOST_TOKENS / 10
    return " ".join(words.split())


def ask(page: Page, address: str) -> Locator:
    """Ask, wait until the answer has begun, and return its turn."""
    page.goto(address)
    page.get_by_label("Your message").fill(QUESTION)
    page.keyboard.press("Enter")
    answer = page.locator(".turn.assistant[data-message]")
    expect(answer.locator(".text")).not_to_be_empty()
    return answer


RENDER = """async (text) => {
    const { renderMarkdown } = await import("/static/js/app/markdown.js");
    const box = document.createElement("div");
    document.body.append(box);
    renderMarkdown(box, text);
    return [box.innerText, [...box.querySelectorAll("*")].map((element) => element.tagName)];
}"""


def assert_whole(answer: Locator, expected: str) -> None:
    """The answer has ended, and none of it is lost or doubled."""
    expect(answer.locator(".status")).to_have_text(
        "The answer was cut here because it reached the maximum length."
    )
    expect(answer).to_have_count(1)
    assert " ".join(answer.locator(".text").inner_text().split()) == expected


def test_a_reload_in_mid_answer_shows_all_of_it(
    studio: Studio, address: str, whole_answer: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, viewport=PHONE)
    answer = ask(page, address)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.reload()
    assert_whole(answer, whole_answer)
    page.reload()
    assert_whole(answer, whole_answer)


def test_a_killed_web_process_in_mid_answer_loses_nothing(
    studio: Studio, address: str, whole_answer: str, open_page: Callable[..., Page], complaints: Complaints
) -> None:
    complaints.tolerate("WebSocket connection")
    page = open_page(studio.url)
    answer = ask(page, address)
    studio.process_of("studio.asgi").kill()
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    expect(page.get_by_text("The connection was lost.")).to_be_hidden()
    assert_whole(answer, whole_answer)
    page.reload()
    assert_whole(answer, whole_answer)


def test_stop_keeps_what_was_said(
    studio: Studio, address: str, whole_answer: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url)
    answer = ask(page, address)
    page.get_by_role("button", name="Stop").click()
    expect(answer.locator(".status")).to_have_text("Stopped by you.")
    said = " ".join(answer.locator(".text").inner_text().split())
    assert said
    assert whole_answer.startswith(said)
    assert said != whole_answer
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()


def test_revoking_the_link_closes_the_open_page(
    studio: Studio,
    signed_in: Any,
    rest: Rest,
    talkative: dict[str, Any],
    open_page: Callable[..., Page],
    complaints: Complaints,
) -> None:
    app, link = rest.publish(
        talkative["model_version"], confirm_verdict=True, name="Short-lived", max_tokens=MOST_TOKENS
    )
    visitor = open_page(studio.url)
    ask(visitor, link)
    owner = open_page(studio.url, signed_in)
    owner.goto(f"/apps/{app['id']}/")
    owner.on("dialog", lambda dialog: dialog.accept())
    owner.get_by_role("button", name="Revoke link").click()
    expect(
        visitor.get_by_text("The person who shared this link has closed it. Ask for a new link.")
    ).to_be_visible()
    expect(visitor.get_by_label("Your message")).to_be_disabled()
    complaints.tolerate("status of 404")
    visitor.reload()
    expect(visitor.get_by_role("heading", name="This link is not valid")).to_be_visible()


def test_a_prompt_longer_than_the_context_is_explained_and_kept(
    studio: Studio, address: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url)
    page.goto(address)
    question = "Zyxwv qwrtz? " * 1499 + "Zyxwv?"
    page.get_by_label("Your message").fill(question)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".turn.assistant .status")).to_contain_text("tokens")
    expect(page.get_by_label("Your message")).to_have_value(question)
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight"), (
        "only the talk scrolls"
    )


def test_tags_that_a_model_writes_are_words_of_its_answer(
    studio: Studio, address: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url)
    page.goto(address)
    written = "Use <b onclick=alert(1)>two</b><br>**lines**\n\n<div>\n<script>alert(1)</script>\n</div>\n"
    text, tags = page.evaluate(RENDER, written)
    assert text.split() == [
        "Use", "<b", "onclick=alert(1)>two</b>", "lines", "<div>", "<script>alert(1)</script>", "</div>",
    ]  # fmt: skip
    assert set(tags) == {"P", "BR", "STRONG"}
