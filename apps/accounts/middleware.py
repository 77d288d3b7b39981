"""Pages in the person's language and time zone: as the account says, else as the browser does; when they were here."""

import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from apps.accounts.services import note_use

TIMEZONE_COOKIE = "timezone"


@lru_cache(maxsize=1)
def _zones() -> set[str]:
    """Read once: the names come from hundreds of files."""
    return zoneinfo.available_timezones()


def known_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """The zone with this IANA name, or None: a cookie may say anything."""
    return zoneinfo.ZoneInfo(name) if name in _zones() else None


def set_language_cookie(response: HttpResponse, code: str) -> None:
    """Remember a language in the browser, for pages without an account and for sockets."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )


class ReaderMiddleware:
    """After LocaleMiddleware, which knows the cookie and the Accept-Language header, and after the session's user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
        else:
            language = ""
        zone = getattr(request.user, "timezone", "") or request.COOKIES.get(TIMEZONE_COOKIE, "")
        with timezone.override(known_zone(zone)):
            response = self.get_response(request)
        name = settings.LANGUAGE_COOKIE_NAME
        # The switch has just chosen another where the response sets the cookie already.
        if language and request.COOKIES.get(name) != language and name not in response.cookies:
            set_language_cookie(response, language)
        return response


class LastUseMiddleware:
    """After the session's user: the list of sessions says when each was last used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and (key := request.session.session_key):
            note_use(session_key=key, address=get_adapter().get_client_ip(request))
        return self.get_response(request)
