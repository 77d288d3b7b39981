"""What allauth should do our way: who may sign up, where links in e-mails lead, what is kept encrypted."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts import sealed
from apps.accounts.models import User
from apps.accounts.signals import sign_up_asked
from apps.core.errors import UserError

logger = logging.getLogger(__name__)


def site_address(name: str, **kwargs: str) -> str:
    """The full address of a page as SITE_URL has it: a Host header that somebody made up leads nobody astray."""
    return settings.SITE_URL + reverse(name, kwargs=kwargs)


def invited_address(request: HttpRequest) -> str | None:
    """The address that the invitation in the session is for, "" for any address, None without one."""
    answers = [answer for _receiver, answer in sign_up_asked.send(User, request=request)]
    return next((answer for answer in answers if answer is not None), None)


def may_sign_up(request: HttpRequest, email: str = "") -> bool:
    """Whether `email` (or somebody, without one) may make an account, by the setting SIGN_UP."""
    if settings.SIGN_UP == "open":
        return True
    if settings.SIGN_UP == "closed":
        return False
    invited = invited_address(request)
    return invited is not None and (not email or invited.lower() in ("", email.lower()))


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address and the password do not belong together."),
        "too_many_login_attempts": _("Too many tries for this account. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return may_sign_up(request)

    def clean_email(self, email: str) -> str:
        """An invitation that names an address makes an account for that address alone."""
        email = super().clean_email(email)
        is_sign_up = self.request.resolver_match.url_name in ("account_signup", "socialaccount_signup")
        if is_sign_up and not may_sign_up(self.request, email):
            raise ValidationError(
                _("Your invitation is for another address: use the one that it was sent to.")
            )
        return email

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Users have no name to sign in with but their address."""

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return site_address("account_reset_password_from_key", uidb36=uid, key=token)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return site_address("account_confirm_email", key=emailconfirmation.key)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Raises UserError when the mail server does not take it."""
        ours = {
            "site_url": settings.SITE_URL,
            "signup_url": site_address("account_signup") if settings.SIGN_UP == "open" else "",
            "password_reset_url": site_address("account_reset_password"),
        }
        try:
            super().send_mail(template_prefix, email, {**ours, **self._without_request_addresses(context)})
        except (OSError, SMTPException) as error:
            logger.exception("An e-mail (%s) could not be handed over", template_prefix)
            message = _(
                "The e-mail could not be sent. Try again later; if it stays so, tell your administrator."
            )
            raise UserError(str(message)) from error

    def _without_request_addresses(self, context: dict[str, Any]) -> dict[str, Any]:
        """allauth builds these two from the Host header, but for the link of a reset, which is ours already."""
        is_ours = str(context.get("password_reset_url", "")).startswith(settings.SITE_URL + "/")
        dropped = {"signup_url"} if is_ours else {"signup_url", "password_reset_url"}
        return {name: value for name, value in context.items() if name not in dropped}

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """What was done stays done when the mail about it cannot be sent."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except UserError:
            logger.warning("A notice about a changed account was not sent")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By address alone. allauth puts the Host header in front, and whoever guesses passwords chooses that."""
        return str(credentials.get("email", credentials.get("username", ""))).lower()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """For whoever watches the log. No row: writing one only for accounts that exist would tell them apart."""
        logger.warning("A sign-in was refused, from %s", self.get_client_ip(request))


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "email_taken": _("There is an account with this address. Sign in to it, then connect %s there."),
    }

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """As with a password; an invitation that names an address takes a provider's word for no other one."""
        return may_sign_up(request, sociallogin.user.email)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        user.email = user.email.lower()
        user.name = str(data.get("name") or "")[:150]
        return user


class TwoStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code or key is not the right one, or it has been used. Try the next one."),
    }

    def encrypt(self, text: str) -> str:
        return sealed.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealed.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return str(_("Passkey %(number)d") % {"number": number})

    def _get_site_name(self) -> str:
        return "Maquette"
