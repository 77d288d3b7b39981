"""Signing in through another site, in a real browser, which applies the policy (form-action) that a test client ignores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from apps.accounts.services import create_user
from tests.fixtures.browser import Complaints
from tests.fixtures.keyboard import Keyboard
from tests.fixtures.provider import signing_in_through
from tests.fixtures.publishing import LiveSite

pytestmark = pytest.mark.journey

OF_THE_PROVIDER = ("ERR_NAME_NOT_RESOLVED", "status of 404")
"""Its page asks for a style sheet elsewhere and has no icon."""


@pytest.fixture
def elsewhere(provider_url: str, settings: Any) -> str:
    """The provider under another name: to a browser another site than ours, not only another port."""
    url = provider_url.replace("127.0.0.1", "localhost")
    settings.SOCIALACCOUNT_PROVIDERS = signing_in_through(url)
    person = {"email": "pia@example.com", "email_verified": True}
    httpx.put(f"{url}/users/pia", json=person).raise_for_status()
    return url


def test_the_way_to_a_provider_of_another_site_and_back(
    elsewhere: str, site: LiveSite, open_page: Callable[..., Page], complaints: Complaints
) -> None:
    complaints.tolerate(*OF_THE_PROVIDER)
    create_user(email="pia@example.com", password="a rather long password", name="Pia")
    page = open_page(site.url)
    page.goto("/accounts/login/?next=/accounts/profile/")
    keys = Keyboard(page)
    keys.activate(page.get_by_role("button", name="Continue with Company"))
    page.wait_for_url(f"{elsewhere}/**")
    page.get_by_placeholder("sub").first.fill("pia")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{site.url}/accounts/profile/")
    expect(page.get_by_role("button", name="Your account")).to_be_visible()


def test_who_turns_back_there_is_told_so_here(
    elsewhere: str, site: LiveSite, open_page: Callable[..., Page], complaints: Complaints
) -> None:
    complaints.tolerate(*OF_THE_PROVIDER, "status of 401")
    page = open_page(site.url)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with Company").click()
    page.wait_for_url(f"{elsewhere}/**")
    # Its own button forgets the state, which the standard has it send back (RFC 6749, 4.1.2.1).
    asked = parse_qs(urlsplit(page.url).query)
    back = f"{asked['redirect_uri'][0]}?error=access_denied&state={asked['state'][0]}"
    page.evaluate("address => location.assign(address)", back)
    page.wait_for_url(f"{site.url}/**")
    expect(page.get_by_role("heading", name="You were not signed in")).to_be_visible()
    expect(page.get_by_text("You cancelled the sign-in at the provider.")).to_be_visible()
