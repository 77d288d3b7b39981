"""One's own account in a real browser: a passkey by Chromium's virtual authenticator, and signing in with it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.throwaway import Studio
from tests.journeys.conftest import OWNER, PASSWORD

pytestmark = pytest.mark.journey


def add_authenticator(page: Page) -> None:
    """A device that knows its owner by a finger, as far as the browser can tell (WebAuthn, section 11)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Your account")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Your account")).to_have_count(0)


def test_a_passkey_is_added_used_alone_and_as_second_step(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page]
) -> None:
    # The standard has no passkeys for numbers: the same studio by its name.
    page = open_page(studio.url.replace("127.0.0.1", "localhost"))
    add_authenticator(page)
    sign_in(page)
    page.goto("/accounts/passkeys/add/")
    expect(page.get_by_role("heading", name="Confirm your identity")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill("my laptop")
    page.get_by_label("without the password").check()
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert len(page.locator("#recovery_codes").inner_text().split()) == 10
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Your account")).to_be_visible()
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Your account")).to_be_visible()

    # A session of its own: whether it is still them is asked again, and the key answers.
    page.goto("/accounts/passkeys/")
    expect(page.get_by_text("my laptop")).to_be_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("You have no passkeys.")).to_be_visible()


def test_under_a_number_the_page_says_why_there_are_no_passkeys(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Passkeys do not work at a numeric address")).to_be_visible()
