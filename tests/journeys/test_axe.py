"""axe finds nothing to object to on any page, in the light theme and in the dark one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from launcher.throwaway import Studio
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import PHONE, Complaints
from tests.fixtures.walk import Walk
from tests.journeys.pages import NO_PAGE, STARTS

pytestmark = pytest.mark.journey


def look(page: Page) -> list[str]:
    return [f"{theme}: {wrong}" for theme in ("light", "dark") for wrong in violations(page, theme)]


def test_axe_finds_nothing_on_pages_of_the_studio(
    studio: Studio,
    signed_in: Any,
    story: dict[str, Any],
    open_page: Callable[..., Page],
    complaints: Complaints,
) -> None:
    complaints.tolerate("status of 404")
    page = open_page(studio.url, signed_in, reduced_motion="reduce")
    bring_axe(page.context)
    walk = Walk(page, look, NO_PAGE)
    walk.all_from(*(start.format(**story) for start in STARTS))
    walk.open("/nowhere/", "nothing there")
    assert walk.wrong == {}
    assert len(walk.seen) > 30


def test_axe_finds_nothing_on_pages_for_everybody(
    studio: Studio,
    story: dict[str, Any],
    talkative_link: str,
    open_page: Callable[..., Page],
    complaints: Complaints,
) -> None:
    complaints.tolerate("status of 40[34]")
    page = open_page(studio.url, reduced_motion="reduce")
    bring_axe(page.context)
    walk = Walk(page, look, NO_PAGE)
    walk.all_from("/accounts/login/", "/setup/", story["link"])
    walk.open("/a/nowhere/", "a closed link")
    walk.open(talkative_link, "a chat")
    page.get_by_label("Your message").fill("When does it open?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop").wait_for()
    walk.look("a chat that answers")
    page.keyboard.press("Escape")
    page.get_by_text("Stopped by you.").wait_for()
    walk.look("a chat with an answer")
    page.set_viewport_size(PHONE)
    walk.look("a chat on a phone")
    assert walk.wrong == {}
