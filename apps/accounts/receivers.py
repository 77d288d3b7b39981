"""What allauth did becomes news for the audit trail; a new password ends every other session."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as two_step
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as provider
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts import services
from apps.accounts.models import User


@receiver(account.user_signed_up)
def signed_up(user: User, **_: Any) -> None:
    services.tell(user, "user.signed_up", by=user)


@receiver(account.user_logged_in)
def signed_in(user: User, request: HttpRequest, **_: Any) -> None:
    records = request.session.get("account_authentication_methods", [])
    services.tell(user, "user.signed_in", by=user, methods=[record["method"] for record in records])


@receiver(user_logged_out)
def signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        services.tell(user, "user.signed_out", by=user)


@receiver(account.password_changed)
@receiver(account.password_set)
def password_changed(user: User, request: HttpRequest, **_: Any) -> None:
    services.end_sessions(user=user, but=request.session.session_key or "")
    services.tell(user, "user.password_changed", by=user)


@receiver(account.password_reset)
def password_reset(user: User, request: HttpRequest, **_: Any) -> None:
    services.end_sessions(user=user)
    request.has_reset_password_of = user.email  # type: ignore[attr-defined]
    services.tell(user, "user.password_reset", by=user)


@receiver(account.email_confirmed)
def address_verified(email_address: Any, **_: Any) -> None:
    services.tell(email_address.user, "user.email_verified", by=email_address.user)


@receiver(account.email_changed)
def address_changed(user: User, from_email_address: Any, **_: Any) -> None:
    """Proving the first address, which is told as such, changes none."""
    if from_email_address is None:
        return
    services.tell(user, "user.email_changed", by=user)


@receiver(two_step.authenticator_added)
def two_step_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    services.tell(user, "user.two_step_added", by=user, kind=authenticator.type)


@receiver(two_step.authenticator_removed)
def two_step_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    services.tell(user, "user.two_step_removed", by=user, kind=authenticator.type)


@receiver(two_step.authenticator_reset)
def two_step_reset(user: User, authenticator: Authenticator, **_: Any) -> None:
    services.tell(user, "user.two_step_renewed", by=user, kind=authenticator.type)


@receiver(provider.social_account_added)
def provider_connected(sociallogin: Any, **_: Any) -> None:
    services.tell(sociallogin.user, "user.provider_connected", by=sociallogin.user)


@receiver(provider.social_account_removed)
def provider_removed(socialaccount: Any, **_: Any) -> None:
    services.tell(socialaccount.user, "user.provider_removed", by=socialaccount.user)
