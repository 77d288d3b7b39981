"""A real browser enforces the content security policy on main and admin pages, and has nothing to report."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from launcher.throwaway import Studio
from tests.fixtures.browser import Complaints

pytestmark = pytest.mark.journey

_REPORT = """
document.addEventListener("securitypolicyviolation",
  (event) => console.error(`violates ${event.violatedDirective}: ${event.blockedURI} at ${document.location}`));
"""
PAGES = [
    "/",
    "/data/",
    "/data/new/",
    "/models/",
    "/runs/",
    "/evaluations/",
    "/apps/",
    "/workspace/",
    "/console/",
]
OTHER_PAGES = ["/api/v1/docs/", "/accounts/password/change/", "/nowhere/", "/a/nothing/"]


def test_a_browser_reports_no_violation(
    studio: Studio, signed_in: Any, tickets: Any, open_page: Callable[..., Page], complaints: Complaints
) -> None:
    page = open_page(studio.url, signed_in)
    said: list[str] = []
    # What a browser does not understand of a header it says as a warning only.
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(_REPORT)
    # A page that is not there is an error of the console, and so is the address that it has not.
    complaints.tolerate(r"status of 404")
    page.goto("/admin/")
    lists = page.eval_on_selector_all(
        "#content-main a[href$='/']", "links => links.map(link => link.pathname)"
    )
    assert len(lists) > 5
    for path in [*PAGES, *OTHER_PAGES, *dict.fromkeys(lists)]:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        row = page.locator("#result_list tbody th a").first
        if row.count():
            row.click()
            page.wait_for_load_state("networkidle")
    assert not complaints.left()
    assert not [text for text in said if "policy" in text.lower()]


def test_a_violation_would_be_reported(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page], complaints: Complaints
) -> None:
    page = open_page(studio.url, signed_in)
    page.goto("/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    page.evaluate(
        "document.body.appendChild(document.createElement('script')).textContent = 'window.ran = 1'"
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran") is None
    assert any(re.search("Content Security Policy", text) for text in complaints.left())
    complaints.tolerate(".*")
