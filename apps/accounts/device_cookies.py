"""Browsers that a person signed in with before: wrong passwords that are tried elsewhere do not slow them down.

The limit on wrong passwords counts by address, so that it holds for guesses from any network; alone it would let an attacker
keep the owner out. A signed cookie names the addresses that a browser has signed in with, and their tries there are
counted apart (OWASP, "Slow down online guessing attacks with device cookies"). The cookie does not sign in.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

_SALT = "accounts.devices"
_MOST_ADDRESSES = 5
_AGE_SECONDS = 365 * 24 * 3600


def device_of(request: HttpRequest, email: str) -> str:
    """Return the id of this browser, or nothing where it has not signed in to the account before."""
    device, known = _read(request)
    return device if _mark(email) in known else ""


def remember_device(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """The person has just shown that the account is theirs."""
    device, known = _read(request)
    mark = _mark(email)
    known = [mark, *(other for other in known if other != mark)][:_MOST_ADDRESSES]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([device or secrets.token_urlsafe(16), *known], salt=_SALT),
        max_age=_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, *known = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=_SALT, max_age=_AGE_SECONDS
        )
    except signing.BadSignature:
        return "", []
    return device, known


def _mark(email: str) -> str:
    """The address itself is in no cookie."""
    return salted_hmac(_SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:32]
