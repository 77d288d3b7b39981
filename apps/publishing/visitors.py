"""Visitors without an account are known by a random key in a signed cookie."""

from collections.abc import Mapping

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from apps.publishing.models import new_visitor_key

COOKIE = "visitor"
"""Its name without https."""
_SALT = "apps.publishing.visitors"
_KEEP_SECONDS = 365 * 24 * 3600


def _cookie() -> str:
    return f"{settings.COOKIE_PREFIX}{COOKIE}"


def visitor_key_in(cookies: Mapping[str, str]) -> str | None:
    """The key that a cookie carries, or None when there is none, or one that we did not sign."""
    try:
        return signing.Signer(salt=_SALT).unsign(cookies.get(_cookie(), ""))
    except signing.BadSignature:
        return None


def visitor_key_of(request: HttpRequest) -> str:
    """The visitor's key, or a new one, which `remember` must send along with the response."""
    return visitor_key_in(request.COOKIES) or new_visitor_key()


def remember(response: HttpResponse, visitor_key: str) -> None:
    response.set_cookie(
        _cookie(),
        signing.Signer(salt=_SALT).sign(visitor_key),
        max_age=_KEEP_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
