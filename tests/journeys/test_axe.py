"""axe finds nothing to object to on any page, in the light theme and in the dark one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Page, Response

from launcher.throwaway import Studio
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import Complaints

pytestmark = pytest.mark.journey


def name_of(address: str) -> str:
    """The URL name of an address; empty where there is none."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


class Walk:
    """Opens pages, follows their links to every kind of page not seen yet, and looks at each in both themes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.seen: dict[str, str] = {}
        self.found: dict[str, list[str]] = {}

    def look(self, kind: str = "") -> None:
        """At the page that is open."""
        kind = kind or name_of(self.page.url)
        self.seen[kind] = self.page.url
        for theme in ("light", "dark"):
            self.page.wait_for_load_state("networkidle")
            if wrong := violations(self.page, theme):
                self.found[f"{kind}, {theme}"] = wrong

    def open(self, address: str, kind: str = "") -> Response | None:
        response = self.page.goto(address)
        self.look(kind)
        return response

    def follow(self) -> list[str]:
        """Addresses of other kinds of pages that this one leads to."""
        links = self.page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        ours = [link for link in links if urlsplit(link).netloc == urlsplit(self.page.url).netloc]
        return [link for link in ours if name_of(link) not in ("", *self.seen)]

    def all_from(self, *addresses: str) -> None:
        waiting = list(addresses)
        while waiting:
            address = waiting.pop(0)
            if name_of(address) in self.seen or not self.shows_a_page(address):
                continue
            self.open(address)
            waiting += self.follow()

    def shows_a_page(self, address: str) -> bool:
        """Not a download, not an answer for programs."""
        name = name_of(address)
        if name.startswith(("admin:", "api:")) or name in NO_PAGE:
            return False
        return "text/html" in self.page.request.get(address).headers["content-type"]


NO_PAGE: set[str] = set()


def test_axe_finds_nothing(
    studio: Studio, signed_in: Any, story: dict[str, Any], talkative_link: str, open_page: Callable[..., Page], complaints: Complaints
) -> None:
    complaints.tolerate("status of 40[34]")
    page = open_page(studio.url, signed_in, reduced_motion="reduce")
    bring_axe(page.context)
    walk = Walk(page)
    walk.all_from("/", f"/data/imports/{story['waiting']['id']}/")
    visitor = open_page(studio.url, reduced_motion="reduce")
    bring_axe(visitor.context)
    outside = Walk(visitor)
    outside.open("/accounts/login/")
    outside.open(story["link"])
    outside.open(talkative_link)
    visitor.get_by_label("Your message").fill("When does it open?")
    visitor.keyboard.press("Enter")
    visitor.get_by_role("button", name="Stop").wait_for()
    visitor.keyboard.press("Escape")
    visitor.get_by_text("Stopped by you.").wait_for()
    outside.look("a conversation")
    outside.open("/a/nowhere/", "a closed link")
    outside.open("/nowhere/", "nothing there")
    found = walk.found | outside.found
    print("\n".join(sorted(walk.seen)))
    import json, pathlib
    pathlib.Path("/tmp/i18n/axe.json").write_text(json.dumps(found, indent=1))
    assert found == {}
