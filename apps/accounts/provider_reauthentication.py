"""“Confirm your identity” for people whose only way in is a provider: they sign in there again.

allauth asks for a password or a code, and people who have neither for nothing: a browser left open would be enough to add a
passkey to a person's account, or to delete it.
"""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest
from django.urls import reverse


def provider_methods(user: Any) -> list[dict[str, Any]]:
    """The page that leads to the provider, as a method of allauth's; none for a user without a provider."""
    if not user.is_authenticated or not SocialAccount.objects.filter(user=user).exists():
        return []
    return [{"id": "provider", "url": reverse("account_confirm_at_provider")}]


def require_provider(request: HttpRequest) -> None:
    """Raises ReauthenticationRequired for a user with a provider who did not come from there just now."""
    if not provider_methods(request.user):
        return
    records = get_authentication_records(request, request.user)
    came = max((record["at"] for record in records if record["method"] == "socialaccount"), default=0)
    if time.time() - came >= app_settings.REAUTHENTICATION_TIMEOUT:
        raise ReauthenticationRequired
