"""Sends every form with which a person signs in, up and out, or changes how: in an order in which each can be sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from playwright.sync_api import Page

from apps.accounts.models import User
from tests.journeys.form_sending import TIMEOUT_MS, open_page
from tests.journeys.test_account import add_authenticator

OWNER, PERSON = "first@example.com", "pia@example.com"
PASSWORD, NEXT_PASSWORD = "a rather long password", "an even longer password"
TWICE = {"password1": NEXT_PASSWORD, "password2": NEXT_PASSWORD}


class AccountForms:
    """`send` fills in a form of a page, presses its button and checks what that did."""

    def __init__(self, page: Page, send: Callable[[Page, str, dict[str, Any]], None]) -> None:
        self.page, self._send = page, send
        add_authenticator(page)

    def at(self, path: str, form: str, **body: Any) -> None:
        """Open a page and send a form of it."""
        open_page(self.page, path)
        self.send(form, **body)

    def send(self, form: str, **body: Any) -> None:
        """Send a form of the open page, and wait for the page that answers."""
        with self.page.expect_navigation(wait_until="domcontentloaded", timeout=TIMEOUT_MS):
            self._send(self.page, form, body)

    def sign_in(self, email: str, password: str) -> None:
        self.page.context.clear_cookies()
        self.at("/accounts/login/", "account/login.html#0", login=email, password=password)
        if "two-step" not in self.page.url:
            self.confirm(password)

    def confirm(self, password: str) -> None:
        """What changes how somebody signs in asks again who it is, also a moment after signing in."""
        path = "/accounts/reauthenticate/?next=/accounts/profile/"
        self.at(path, "account/reauthenticate.html#0", password=password)

    def link(self, part: str) -> str:
        """The path of the link in the newest e-mail that leads there."""
        found = [
            match for message in mail.outbox for match in re.findall(r"https?://[^/]+(/\S*)", message.body)
        ]
        return str([path for path in found if part in path][-1])

    def all(self) -> None:
        for step in (
            self.set_up, self.profile, self.passwords, self.address, self.two_step, self.passkeys,
            self.sessions, self.providers, self.sign_up, self.leave,
        ):  # fmt: skip
            step()

    def set_up(self) -> None:
        body = {"email": OWNER, "password": PASSWORD, "workspace": "Library"}
        self.at("/setup/?token=the-set-up-token", "home/set_up.html#0", **body)
        self.at("/accounts/logout/", "account/logout.html#0")
        self.sign_in(OWNER, PASSWORD)

    def profile(self) -> None:
        self.at("/accounts/profile/", "account/profile.html#0", name="Olga")

    def passwords(self) -> None:
        change = {"oldpassword": PASSWORD, **TWICE}
        self.at("/accounts/password/change/", "account/password_change.html#0", **change)
        self.page.context.clear_cookies()
        self.at("/accounts/password/reset/", "account/password_reset.html#0", email=OWNER)
        self.at(self.link("/reset/key/"), "account/password_reset_from_key.html#0", **TWICE)
        self.sign_in(OWNER, NEXT_PASSWORD)
        # A page that asks for notices meanwhile would end the session, whose password is gone.
        self.page.wait_for_load_state("networkidle")
        self.page.goto("about:blank")
        owner = User.objects.get(email=OWNER)
        known = owner.password
        owner.set_unusable_password()
        owner.save()
        self._keep_session(owner)
        self.at("/accounts/password/set/", "account/password_set.html#0", **TWICE)
        assert User.objects.get(email=OWNER).password != known
        self.sign_in(OWNER, NEXT_PASSWORD)

    def _keep_session(self, user: User) -> None:
        """The session of somebody whose password went, as one that came through a provider has it."""
        from django.contrib.sessions.models import Session

        from apps.accounts.sessions import SessionStore

        for row in Session.objects.all():
            store = SessionStore(row.session_key)
            if store.get("_auth_user_id") == str(user.pk):
                store["_auth_user_hash"] = user.get_session_auth_hash()
                store.save()

    def address(self) -> None:
        self.at("/accounts/email/", "account/email_change.html#1", email="next@example.com")
        self.at("/accounts/email/", "account/email_change.html#0")
        self.at(self.link("/confirm-email/"), "account/email_confirm.html#0")
        self.sign_in("next@example.com", NEXT_PASSWORD)

    def two_step(self) -> None:
        self.page.goto("/accounts/two-step/app/add/")
        secret = self.page.locator("main code").inner_text()
        # The last of the codes that are taken, which is taken the longest: the first one ends within 30 seconds.
        code = format_hotp_value(hotp_value(secret, [*yield_hotp_counters_from_time()][-1]))
        self.send("mfa/totp/activate_form.html#0", code=code)
        self.at("/accounts/two-step/codes/new/", "mfa/recovery_codes/generate.html#0")
        self.sign_in("next@example.com", NEXT_PASSWORD)
        self.send("mfa/authenticate.html#2")
        self.sign_in("next@example.com", NEXT_PASSWORD)
        self.send("mfa/authenticate.html#0", code=self._recovery_code())
        back = "?next=/accounts/profile/"
        self.at(f"/accounts/two-step/confirm/{back}", "mfa/reauthenticate.html#0", code=self._recovery_code())
        self.at(f"/accounts/reauthenticate/{back}", "account/reauthenticate.html#0", password=NEXT_PASSWORD)

    def _recovery_code(self) -> str:
        row = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
        return str(RecoveryCodes(row).get_unused_codes()[0])

    def passkeys(self) -> None:
        self.page.goto("/accounts/passkeys/add/")
        self.send("mfa/webauthn/add_form.html#0", passwordless="on")
        key = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
        self.at(f"/accounts/passkeys/{key.pk}/edit/", "mfa/webauthn/edit_form.html#0", name="my laptop")
        self.at("/accounts/passkeys/confirm/?next=/accounts/profile/", "mfa/webauthn/reauthenticate.html#0")
        self.page.context.clear_cookies()
        self.at("/accounts/login/", "account/login.html#1")
        self.sign_in("next@example.com", NEXT_PASSWORD)
        self.send("mfa/authenticate.html#1")
        self.confirm(NEXT_PASSWORD)
        self.at("/accounts/two-step/app/remove/", "mfa/totp/deactivate_form.html#0")
        removal = f"/accounts/passkeys/{key.pk}/remove/"
        self.at(removal, "mfa/webauthn/authenticator_confirm_delete.html#0")

    def sessions(self) -> None:
        for _ in range(2):
            self.sign_in("next@example.com", NEXT_PASSWORD)
        self.at("/accounts/sessions/", "usersessions/usersession_list.html#0")
        self.at("/accounts/sessions/", "usersessions/usersession_list.html#1")

    def providers(self) -> None:
        owner = User.objects.get(email="next@example.com")
        account = SocialAccount.objects.create(user=owner, provider="provider", uid="olga")
        self.at("/accounts/oidc/provider/login/?process=connect", "socialaccount/login.html#0")
        self.at("/accounts/reauthenticate/provider/", "account/reauthenticate_at_provider.html#0")
        self.at("/accounts/connected/", "socialaccount/connections.html#0")
        assert not SocialAccount.objects.filter(pk=account.pk).exists()
        self.page.context.clear_cookies()
        self.at("/accounts/login/", "account/_other_ways.html#0")
        self.page.get_by_placeholder("sub").first.fill("nia")
        with self.page.expect_navigation(url=re.compile("/accounts/connected/signup/")):
            self.page.get_by_role("button", name="Authorize").click()
        self.send("socialaccount/signup.html#0", email="nia@example.com")

    def sign_up(self) -> None:
        self.page.context.clear_cookies()
        self.at("/accounts/signup/", "account/signup.html#0", email=PERSON, **TWICE)
        self.at(self.link("/confirm-email/"), "account/email_confirm.html#0")

    def leave(self) -> None:
        self.sign_in(PERSON, NEXT_PASSWORD)
        self.at("/accounts/delete/", "account/delete.html#0", email=PERSON)
