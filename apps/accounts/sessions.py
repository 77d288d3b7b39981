"""Where sessions are kept: Django's rows, which end SESSION_IDLE_HOURS after they were last used.

Each use moves the end (services.note_use), up to SESSION_HOURS after signing in. It stands in the row, so that sockets and
streams end with it like everything else.

The cookie is a random text, and `session_key`, by which rows and lists of sessions know a session, is its hash: a key read
from a database or a backup opens nothing.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import CreateError
from django.utils import timezone

_KEY_CHARACTERS = 40
"""As long as the columns of Django and allauth: 160 bits of SHA-256."""


def idle_end() -> datetime:
    """When a session that is used now ends unless it is used again."""
    return timezone.now() + timedelta(hours=settings.SESSION_IDLE_HOURS)


def key_of_cookie(cookie: str) -> str:
    """The `session_key` of the session that a browser's cookie opens."""
    return hashlib.sha256(cookie.encode()).hexdigest()[:_KEY_CHARACTERS]


class SessionStore(db.SessionStore):
    """The cookie may live longer: what it names then is gone."""

    cookie: str | None = None
    """What the browser holds; None for a session that was looked up by its key, or that is not created yet."""

    @classmethod
    def of_cookie(cls, cookie: str | None) -> Self:
        """The session that a browser's cookie opens; an empty one for None or for a cookie that opens nothing."""
        store = cls(key_of_cookie(cookie) if cookie else None)
        store.cookie = cookie
        return store

    def create(self) -> None:
        while True:
            self._make_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    async def acreate(self) -> None:
        while True:
            self._make_key()
            try:
                await self.asave(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def _make_key(self) -> None:
        self.cookie = secrets.token_urlsafe(32)
        self._session_key = key_of_cookie(self.cookie)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        return min(super().get_expiry_date(**kwargs), idle_end())

    async def aget_expiry_date(self, **kwargs: Any) -> datetime:
        return min(await super().aget_expiry_date(**kwargs), idle_end())
