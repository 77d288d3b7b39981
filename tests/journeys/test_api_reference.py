"""The page of the REST API follows the theme of whoever looks at it, and leads back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from launcher.throwaway import Studio
from tests.fixtures.axe import bring_axe, violations

pytestmark = pytest.mark.journey

_BRIGHTNESS = """(selector) => {
    for (let node = document.querySelector(selector); node; node = node.parentElement) {
        const [red, green, blue, opacity = 1] = getComputedStyle(node).backgroundColor.match(/[\\d.]+/g).map(Number);
        if (opacity) return (red + green + blue) / 3;
    }
    return 255;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_theme(studio: Studio, open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page(studio.url, color_scheme=scheme)
    page.goto("/api/v1/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    for part in ("body", ".swagger-ui .opblock-tag", ".swagger-ui .opblock"):
        assert (page.evaluate(_BRIGHTNESS, part) < 128) == (scheme == "dark"), part


def test_what_was_chosen_in_the_studio_goes_before_what_the_system_says(
    studio: Studio, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, color_scheme="light")
    page.add_init_script("localStorage.setItem('theme', 'dark')")
    page.goto("/api/v1/docs/")
    assert page.evaluate(_BRIGHTNESS, "body") < 128
    page.get_by_role("link", name="Back to the studio").click()
    # To the first page, or to the sign-in before it once there is an owner.
    expect(page).to_have_url(re.compile(rf"{re.escape(studio.url)}/(accounts/login/\?next=/)?$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(studio: Studio, open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page(studio.url, color_scheme=scheme)
    bring_axe(page.context)
    page.goto("/api/v1/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock.is-open")).to_be_visible()
    found = violations(page, scheme)
    assert found == [], "\n".join(found)
