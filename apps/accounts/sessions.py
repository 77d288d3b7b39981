"""Where sessions are kept: Django's rows, which end SESSION_IDLE_HOURS after they were last used.

Each use moves the end (services.note_use), up to SESSION_HOURS after signing in. It stands in the row, so that sockets and
streams end with it like everything else.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.utils import timezone


def idle_end() -> datetime:
    """When a session that is used now ends unless it is used again."""
    return timezone.now() + timedelta(hours=settings.SESSION_IDLE_HOURS)


class SessionStore(db.SessionStore):
    """The cookie may live longer: what it names then is gone."""

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        return min(super().get_expiry_date(**kwargs), idle_end())

    async def aget_expiry_date(self, **kwargs: Any) -> datetime:
        return min(await super().aget_expiry_date(**kwargs), idle_end())
