"""The session that a browser's cookie opens, for pages and for sockets; the reader's language and time zone, by the account
or else by the browser; when a session was last used."""

import zoneinfo
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from apps.accounts.services import note_use
from apps.accounts.sessions import SessionStore

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


class CookieSessionMiddleware(SessionMiddleware):
    """Django's, with a cookie that is not the key of the stored row (apps.accounts.sessions)."""

    def process_request(self, request: HttpRequest) -> None:
        opened = SessionStore.of_cookie(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        request.session = request.opened_session = opened  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        written = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if written is not None and written.value:
            # allauth replaces the store by another one of the same key while a person is away at a provider.
            opened: SessionStore = request.opened_session  # type: ignore[attr-defined]
            cookies = [
                store.cookie
                for store in (request.session, opened)
                if isinstance(store, SessionStore) and store.cookie and store.session_key == written.value
            ]
            written.set(written.key, cookies[0], cookies[0])
        return response


class SocketSessionMiddleware:
    """ASGI middleware below Channels' CookieMiddleware: `scope["session"]`, which sockets read and do not write."""

    def __init__(self, inner: Callable[..., Awaitable[Any]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        session = SessionStore.of_cookie(scope["cookies"].get(settings.SESSION_COOKIE_NAME))
        return await self.inner({**scope, "session": session}, receive, send)


class ReaderMiddleware:
    """After LocaleMiddleware, which knows the cookie and the Accept-Language header, and after the session's user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language
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
