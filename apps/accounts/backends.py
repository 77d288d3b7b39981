"""Signing in with an address and a password."""

from typing import Any

from allauth.account import app_settings
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.rate_limits import Rate, take

LINKS = Rate(1, 180)
"""Counted apart from the links of signing up: the answer to the caller tells whether one of those is sent."""


class PasswordBackend(AuthenticationBackend):
    """An account is opened by its own address, once that is proved. allauth has no public hook for this.

    The right password of one that is not proved is answered as a wrong one: a caller who signs up with an address and then
    signs in with it would learn whether it had an account before. Whose address it is gets another link.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        email = str(credentials.get("email") or credentials.get("username") or "").lower()
        user = User.objects.filter(email=email).first()
        found: User | None = self._check_password(user, credentials["password"])
        if found is None or _is_proved(found):
            return found
        if request is not None and not take(f"confirm:{email}", LINKS):
            EmailAddress.objects.add_email(request, found, found.email).send_confirmation(request)
        return None


def _is_proved(user: User) -> bool:
    if app_settings.EMAIL_VERIFICATION != app_settings.EmailVerificationMethod.MANDATORY:
        return True
    return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())
