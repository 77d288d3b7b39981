"""The main journeys by keyboard alone: Tab, the arrows, Enter, Space, Escape, and a visible focus all the way.

The set-up is walked by keyboard in the fixture `signed_in`, for all journeys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.throwaway import Studio
from tests.fixtures.browser import start_button
from tests.fixtures.keyboard import Keyboard

pytestmark = pytest.mark.journey

QUESTION = "When does Station Square open on Friday?"


def test_from_an_example_to_a_run_that_is_stopped(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, signed_in)
    keys = Keyboard(page)
    page.goto("/")
    keys.activate(page.get_by_role("button", name="Support tickets"))
    keys.activate(page.get_by_role("button", name="Confirm columns"))
    keys.activate(page.get_by_role("link", name="Train a model"))
    keys.choose(page.get_by_role("radio", name="Tiny starter"))
    keys.choose(page.get_by_role("radio", name="Quick"))
    keys.activate(page.locator("summary", has_text="Advanced"), "Space")
    keys.fill(page.get_by_label("Max steps"), "5000")
    keys.activate(page.get_by_role("button", name="Review run"))
    keys.activate(start_button(page))
    expect(page.get_by_role("heading", name="Loss curve")).to_be_visible()
    keys.activate(page.get_by_role("button", name="Stop"))
    expect(page.locator(".job-status .state")).to_have_text(re.compile("Stopping|Cancelled|Succeeded"))


def test_a_trained_model_is_compared_and_published(
    studio: Studio, signed_in: Any, story: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, signed_in)
    keys = Keyboard(page)
    page.goto(f"/runs/{story['run']['id']}/")
    keys.activate(page.get_by_role("button", name="Compare with the base model"))
    expect(page.locator("#verdict")).to_be_visible()
    keys.activate(page.get_by_role("link", name="Publish"))
    keys.fill(page.get_by_label("Name", exact=True), "By keyboard")
    keys.activate(page.get_by_role("button", name="Publish"))
    expect(page.get_by_text("The app gives the same results as the training.")).to_be_visible()
    keys.activate(page.get_by_role("button", name="Copy").first)
    expect(page.locator("#toasts")).to_contain_text("Copied")


def test_a_file_is_uploaded(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    source = tmp_path / "pairs.csv"
    source.write_text("question,answer\n" + "".join(f"What is {n}?,It is {n}.\n" for n in range(40)))
    page = open_page(studio.url, signed_in)
    # From the beginning: asked for only now, Chromium may open its own chooser before it hands it over.
    page.on("filechooser", lambda chooser: chooser.set_files(source))
    keys = Keyboard(page)
    page.goto("/data/")
    keys.activate(page.get_by_role("link", name="Upload data").first)
    file = page.locator("input[type=file]")
    keys.go_to(file)
    keys.press("Enter")
    expect(file).to_have_value(re.compile(r"pairs\.csv$"))
    keys.activate(page.get_by_role("button", name="Upload", exact=True))
    role = page.locator("#role-1")
    keys.go_to(role)
    keys.press("End")
    assert role.evaluate("select => select.selectedIndex === select.options.length - 1")
    page.once("dialog", lambda dialog: dialog.accept())
    keys.activate(page.get_by_role("button", name="Discard upload"))
    expect(page.get_by_text("was discarded")).to_be_visible()


def test_a_chat_is_asked_stopped_and_judged(
    studio: Studio, talkative_link: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url)
    keys = Keyboard(page)
    page.goto(talkative_link)
    assert keys.is_at(page.get_by_label("Your message"))
    keys.type(QUESTION)
    keys.press("Enter")
    answer = page.locator(".turn.assistant[data-message]")
    expect(answer.locator(".text")).not_to_be_empty()
    keys.activate(page.get_by_role("button", name="Stop"), "Space")
    expect(answer.locator(".status")).to_have_text("Stopped by you.")
    keys.go_to(answer.get_by_role("button", name="This helped"), back=True)
    keys.press("Space")
    expect(answer.get_by_role("button", name="This helped")).to_have_attribute("aria-pressed", "true")
    keys.activate(page.get_by_label("Your message"))
    keys.type("And on Sunday?")
    keys.press("Enter")
    expect(page.locator(".turn.assistant[data-message]")).to_have_count(2)
    keys.press("Escape")
    expect(page.locator(".turn.assistant .status").last).to_have_text("Stopped by you.")
    assert keys.is_at(page.get_by_label("Your message"))


def test_the_page_can_be_skipped_into_and_its_menus_left(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, signed_in)
    keys = Keyboard(page)
    page.goto("/")
    keys.press("Tab")
    assert keys.is_at(page.get_by_role("link", name="Skip to content"))
    keys.press("Enter")
    assert keys.is_at(page.locator("main"))
    keys.press("Tab")
    assert page.locator("main *:focus").count() == 1
    page.goto("/data/")
    account = page.get_by_role("button", name="Your account")
    keys.activate(account)
    first = page.locator(".dropdown-menu.show .dropdown-item").first
    keys.press("ArrowDown")
    assert keys.is_at(first)
    keys.press("Escape")
    expect(page.locator(".dropdown-menu.show")).to_have_count(0)
    assert keys.is_at(account)


def test_the_language_is_switched_and_kept(
    studio: Studio, talkative_link: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url)
    keys = Keyboard(page)
    page.goto(talkative_link)
    keys.activate(page.get_by_role("button", name="简体中文"))
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_label("你的消息")).to_be_visible()
    assert page.url == talkative_link
    page.goto("/accounts/login/")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    keys.activate(page.get_by_role("button", name="English"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(
    "address", ["/", "/data/", "/models/", "/runs/", "/evaluations/", "/apps/", "/workspace/", "/console/"]
)
def test_every_stop_of_tab_is_seen_and_none_is_a_trap(
    studio: Studio, signed_in: Any, story: dict[str, Any], open_page: Callable[..., Page], address: str
) -> None:
    page = open_page(studio.url, signed_in)
    page.goto(address)
    stops = Keyboard(page).stops()
    assert re.match("a “Skip to content”", stops[0])
    assert len(stops) > 8
    assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
