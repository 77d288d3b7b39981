"""The story of the front page: an example, one click a step, until somebody with a phone has an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.throwaway import Studio
from tests.fixtures.browser import PHONE, start_button

pytestmark = pytest.mark.journey


def test_from_an_example_to_an_answer_on_a_phone(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, signed_in)
    page.goto("/")
    page.get_by_role("button", name="Support tickets").click()
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    page.get_by_role("button", name="Confirm columns").click()
    page.get_by_role("link", name="Train a model").click()
    train(page)
    publish(page)
    address = page.get_by_label("Address", exact=True).input_value()

    visitor = open_page(studio.url, viewport=PHONE)
    visitor.goto(address)
    visitor.get_by_label("Text", exact=True).fill("My invoice is wrong: I was charged twice for March.")
    visitor.get_by_role("button", name="Classify").click()
    bars = visitor.get_by_role("region", name="Result").get_by_role("listitem")
    expect(bars).to_have_count(8)
    shares = [float(text.removesuffix(" %")) for text in bars.locator(".bar-share").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    assert 99 < sum(shares) < 101
    assert_fits_its_screen(visitor)


def test_from_an_example_to_a_streamed_answer(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, signed_in)
    page.goto("/")
    page.get_by_role("button", name="Library help desk").click()
    page.get_by_role("button", name="Confirm columns").click()
    page.get_by_role("link", name="Train a model").click()
    train(page)
    page.get_by_role("link", name="View model").click()
    page.get_by_role("link", name="Publish as an app").click()
    page.get_by_label("Name", exact=True).fill("Front desk of the library")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("The app gives the same results as the training.")).to_be_visible()
    address = page.get_by_label("Address", exact=True).input_value()

    visitor = open_page(studio.url, viewport=PHONE)
    heard: list[dict[str, Any]] = []
    visitor.on(
        "websocket", lambda line: line.on("framereceived", lambda frame: heard.append(json.loads(frame)))
    )
    visitor.goto(address)
    visitor.get_by_label("Your message").fill("When does Station Square open on Friday?")
    visitor.keyboard.press("Enter")
    answer = visitor.locator(".turn.assistant[data-message]")
    expect(answer.locator(".figures")).not_to_be_empty()
    streamed = "".join(one["text"] for one in heard if one["type"] == "text")
    assert streamed.strip()
    assert " ".join(answer.locator(".text").inner_text().split()) == " ".join(streamed.split())
    assert_fits_its_screen(visitor)


def train(page: Page) -> None:
    """From the wizard to the end of the run, watching."""
    page.get_by_role("radio", name="Tiny starter").check()
    page.get_by_role("radio", name="Quick").check()
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Max steps").fill("150")
    page.get_by_role("button", name="Review run").click()
    expect(page.get_by_role("heading", name="The first row, as the model sees it")).to_be_visible()
    start_button(page).click()
    expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
    expect(page.get_by_role("heading", name="Loss curve")).to_be_visible()
    expect(page.locator("[data-run-chart] canvas")).to_be_visible()
    expect(page.get_by_role("heading", name="Sample outputs")).to_be_visible()
    expect(page.get_by_role("button", name="Compare with the base model")).to_be_visible()


def publish(page: Page) -> None:
    """From the trained model to the page of its published app."""
    page.get_by_role("button", name="Compare with the base model").click()
    expect(page.locator("#verdict")).to_contain_text(
        re.compile("better|worse|not significant", re.IGNORECASE)
    )
    expect(page.get_by_role("heading", name="Row by row")).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.get_by_label("Name", exact=True).fill("Where does it belong?")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("The app gives the same results as the training.")).to_be_visible()


def assert_fits_its_screen(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
