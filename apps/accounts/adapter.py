"""What allauth should do our way: who may sign up, where links in e-mails lead, what is kept encrypted."""

import logging
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from apps.accounts import provider_reauthentication, two_step_secrets
from apps.accounts.device_cookies import device_of, remember_device
from apps.accounts.mail_language import language_of
from apps.accounts.models import User
from apps.accounts.signals import sign_up_asked, sign_up_made
from apps.core.models import fitting

logger = logging.getLogger(__name__)


def site_address(name: str, **kwargs: str) -> str:
    """The full address of a page as SITE_URL has it: an invented Host header changes no link."""
    return settings.SITE_URL + reverse(name, kwargs=kwargs)


def must_prove_addresses() -> bool:
    """Whether an account opens only once its address is proved by a link in an e-mail."""
    return bool(app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY)


def invited_address(request: HttpRequest) -> str | None:
    """The address that the invitation in the session is for, "" for any address, None without one."""
    answers = [answer for _receiver, answer in sign_up_asked.send(User, request=request)]
    return next((answer for answer in answers if answer is not None), None)


def may_sign_up(request: HttpRequest, email: str = "") -> bool:
    """Whether `email` (or a person, without one) may make an account, by the setting SIGN_UP."""
    if settings.SIGN_UP == "open":
        return True
    invited = invited_address(request)
    return invited is not None and (not email or invited.lower() in ("", email.lower()))


def use_invitation(request: HttpRequest, email: str) -> None:
    """One invitation makes one account: where it is what lets a person sign up, it is for `email` alone from now on.

    The same for an address with an account. Raises ImmediateHttpResponse when another person was faster.
    """
    if settings.SIGN_UP == "open":
        return
    answers = sign_up_made.send(User, request=request, email=email.lower())
    if not any(is_kept for _receiver, is_kept in answers):
        raise ImmediateHttpResponse(render(request, "account/signup_closed.html"))


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is wrong."),
        "too_many_login_attempts": _(
            "Too many attempts for this account. Wait five minutes, then try again."
        ),
    }

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Says of every refused sign-in what may be the cause of some, and of none which it is."""
        if code != "email_password_mismatch" or not must_prove_addresses():
            return super().validation_error(code, *args)
        message = _(
            "The e-mail address or the password is wrong, or the address is not confirmed yet. To confirm it, open the link that we sent to it."
        )
        return ValidationError(message, code=code)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """With a link to prove the address. Without one an account is made on the page of the invitation itself."""
        return settings.SIGN_UP == "open" or (must_prove_addresses() and may_sign_up(request))

    def clean_email(self, email: str) -> str:
        """An invitation that names an address makes an account for that address alone."""
        email = super().clean_email(email)
        is_sign_up = self.request.resolver_match.url_name in ("account_signup", "socialaccount_signup")
        if is_sign_up and not may_sign_up(self.request, email):
            raise ValidationError(
                _(
                    "Your invitation is for another address. Use the address that it was sent to, or the address that already accepted it."
                )
            )
        return email

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """With the name at once: a second write would only come where an account is really made. The form has hashed the
        password; without one (a provider's account) none opens it."""
        given = form.cleaned_data
        user.email = given["email"].lower()
        user.name = given.get("name", user.name).strip()
        user.password = getattr(form, "hashed_password", "") or make_password(None)
        if commit:
            user.save()
        return user

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Users have no name to sign in with but their address."""

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return site_address("account_reset_password_from_key", uidb36=uid, key=token)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return site_address("account_confirm_email", key=emailconfirmation.key)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        ours = {
            "site_url": settings.SITE_URL,
            "signup_url": site_address("account_signup") if settings.SIGN_UP == "open" else "",
            "password_reset_url": site_address("account_reset_password"),
        }
        with override(language_of(email)):
            super().send_mail(template_prefix, email, {**ours, **self._without_request_addresses(context)})

    def _without_request_addresses(self, context: dict[str, Any]) -> dict[str, Any]:
        """allauth builds these two from the Host header, but for the link of a reset, which is ours already."""
        is_ours = str(context.get("password_reset_url", "")).startswith(settings.SITE_URL + "/")
        dropped = {"signup_url"} if is_ours else {"signup_url", "password_reset_url"}
        return {name: value for name, value in context.items() if name not in dropped}

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """An address that has become another person's account meanwhile is not taken from it."""
        others = User.objects.exclude(pk=email_address.user_id)
        if others.filter(email__iexact=email_address.email).exists():
            failed = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, failed, {"email": email_address.email})
            return False
        return bool(super().confirm_email(request, email_address))

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember_device(request, response, user.email)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Raises ReauthenticationRequired for who has neither a password nor a second step and is due: allauth would ask
        them nothing."""
        if not super().get_reauthentication_methods(context.request.user):
            provider_reauthentication.require_provider(context.request)
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        return super().get_reauthentication_methods(user) or provider_reauthentication.provider_methods(user)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By address, and apart for browsers that signed in before; allauth puts the Host header in front, which
        an attacker chooses. allauth has no public hook for this."""
        email = str(credentials.get("email", credentials.get("username", ""))).lower()
        return f"{email}:{device_of(request, email)}"

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write a line to the log. No row: writing one only for accounts that exist would tell them apart."""
        logger.warning("A sign-in was refused, from %s", self.get_client_ip(request))


class ProviderAdapter(DefaultSocialAccountAdapter):
    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "email_taken": _(
            "An account with this address already exists. Sign in to it, then connect %s there."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """As with a password; an invitation that names an address takes a provider's word for no other one."""
        return may_sign_up(request, sociallogin.user.email)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        use_invitation(request, form.cleaned_data["email"] if form else sociallogin.user.email)
        return super().save_user(request, sociallogin, form)

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """An account is opened by its own address, not by one that its owner only asked to change to."""
        for address in sociallogin.email_addresses:
            if address.verified:
                # The provider knows whose it is: what others claim of it is worth nothing any more.
                claims = EmailAddress.objects.filter(email=address.email.lower(), verified=False)
                claims.exclude(user__email__iexact=address.email).delete()
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        return found

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        for address in sociallogin.email_addresses:
            # The claim is a boolean (OpenID Connect Core 5.1); some providers send "false", which would count as true.
            address.verified = address.verified is True
        user.email = user.email.lower()
        user.name = fitting(User, "name", str(data.get("name") or ""))
        return user


class TwoStepAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code or key is wrong or has already been used. Try another one."),
    }

    def encrypt(self, text: str) -> str:
        return two_step_secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return two_step_secrets.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return str(_("Passkey %(number)d") % {"number": number})

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Maquette"}
