"""Visitors without an account are known by a random key in a signed cookie."""

from collections.abc import Mapping

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from apps.publishing.models import new_visitor_key

COOKIE, COOKIE_IN_FRAMES = "visitor", "visitor-embedded"
"""Their names without https."""
_SALT = "apps.publishing.visitors"
_KEEP_SECONDS = 365 * 24 * 3600


def _cookie(in_frame: bool) -> str:
    return f"{settings.COOKIE_PREFIX}{COOKIE_IN_FRAMES if in_frame else COOKIE}"


def visitor_key_in(cookies: Mapping[str, str], *, in_frame: bool = False) -> str | None:
    """The key that a cookie carries, or None when there is none, or one that we did not sign."""
    try:
        return signing.Signer(salt=_SALT).unsign(cookies.get(_cookie(in_frame), ""))
    except signing.BadSignature:
        return None


def visitor_key_of(request: HttpRequest, *, in_frame: bool = False) -> str:
    """The visitor's key, or a new one, which `remember` must send along with the response."""
    return visitor_key_in(request.COOKIES, in_frame=in_frame) or new_visitor_key()


def remember(response: HttpResponse, visitor_key: str, *, in_frame: bool = False) -> None:
    value = signing.Signer(salt=_SALT).sign(visitor_key)
    set_visitor_cookie(response, _cookie(in_frame), value, max_age=_KEEP_SECONDS, in_frame=in_frame)


def set_visitor_cookie(
    response: HttpResponse, name: str, value: str, *, max_age: int, in_frame: bool
) -> None:
    """A cookie of a visitor, hidden from scripts. `in_frame`: for the site alone that shows the page in a frame."""
    secure = in_frame or settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="Lax", secure=secure)
    if in_frame:
        # http.cookies has the attribute Partitioned from Python 3.14 on.
        response.cookies[name]["samesite"] = "None; Partitioned"
