"""axe on pages whose content the workers made: results, charts, answers. Every address: test_every_page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from launcher.throwaway import Studio
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import PHONE, Complaints

pytestmark = pytest.mark.journey


class Look:
    """At a page in both themes; keeps what is wrong."""

    def __init__(self, page: Page) -> None:
        bring_axe(page.context)
        self.page = page
        self.wrong: dict[str, list[str]] = {}

    def at(self, name: str, address: str = "") -> None:
        """At `address`, or at the page as it is."""
        if address:
            self.page.goto(address)
        self.page.wait_for_load_state("networkidle")
        found = [f"{theme}: {wrong}" for theme in ("light", "dark") for wrong in violations(self.page, theme)]
        if found:
            self.wrong[name] = found

    def report(self) -> str:
        return "\n".join(f"{page}\n    " + "\n    ".join(found) for page, found in self.wrong.items())


def test_axe_finds_nothing_on_results(
    studio: Studio, signed_in: Any, story: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    look = Look(open_page(studio.url, signed_in, reduced_motion="reduce"))
    run, comparison = story["run"], story["comparison"]
    look.at("home", "/")
    look.at("a file that was read", f"/data/imports/{story['waiting']['id']}/")
    look.at("a file that could not be read", f"/data/imports/{story['failed']['id']}/")
    look.at("a run", f"/runs/{run['id']}/")
    look.at("a model", f"/models/{run['model_version']}/")
    look.at("a comparison", f"/evaluations/comparisons/{comparison['id']}/")
    look.at("an evaluation", f"/evaluations/{comparison['evaluations'][1]}/")
    look.at("an app", f"/apps/{story['app']['id']}/")
    look.at("trying by hand", f"/try/{run['model_version']}/")
    look.page.get_by_role("textbox").fill("My invoice is wrong.")
    look.page.keyboard.press("Control+Enter")
    look.page.locator(".trial-bars").first.wait_for()
    look.at("two answers")
    look.page.set_viewport_size(PHONE)
    look.page.goto(f"/data/{story['version']['dataset']}/")
    look.page.locator(".lineage a").first.click()
    look.at("a file that was confirmed, on a phone")
    look.at("a comparison on a phone", f"/evaluations/comparisons/{comparison['id']}/")
    assert not look.wrong, look.report()


def test_axe_finds_nothing_in_the_admin_pages(
    studio: Studio,
    signed_in: Any,
    story: dict[str, Any],
    open_page: Callable[..., Page],
    complaints: Complaints,
) -> None:
    # axe's own, where it measures long texts; test_policy.py opens these pages without it.
    complaints.tolerate("Applying inline style violates")
    look = Look(open_page(studio.url, signed_in, reduced_motion="reduce"))
    look.at("all there is", "/admin/")
    look.at("a list with filters", "/admin/accounts/user/")
    look.page.locator("#result_list tbody th a").first.click()
    look.at("a person")
    look.at("something new", "/admin/workspaces/quota/add/")
    look.at("a list to read", "/admin/jobs/job/")
    look.page.locator("#result_list tbody th a").first.click()
    look.at("something to read")
    assert not look.wrong, look.report()


def test_axe_finds_nothing_on_apps(
    studio: Studio,
    story: dict[str, Any],
    talkative_link: str,
    open_page: Callable[..., Page],
    complaints: Complaints,
) -> None:
    complaints.tolerate("status of 404")
    page = open_page(studio.url, reduced_motion="reduce")
    look = Look(page)
    look.at("a closed link", "/a/nowhere/")
    look.at("nothing there", "/nowhere/")
    page.goto(story["link"])
    page.get_by_label("Text", exact=True).fill("My invoice is wrong.")
    page.get_by_role("button", name="Classify").click()
    page.locator("#bars li").first.wait_for()
    look.at("labels")
    page.goto(talkative_link)
    page.get_by_label("Your message").fill("When does it open?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop").wait_for()
    look.at("a chat that answers")
    page.keyboard.press("Escape")
    page.get_by_text("Stopped by you.").wait_for()
    page.set_viewport_size(PHONE)
    look.at("a chat on a phone")
    assert not look.wrong, look.report()
