"""Reads of workspaces and of what belongs to them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.core.database import best_effort

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.workspaces.models import ApiKey, Invitation

NOT_SIGNED_IN = "not-signed-in"
"""Asks the trail for what no signed-in person did."""
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class WorkspaceQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(memberships__user=user, deleted_at=None)


class InWorkspaceQuerySet(models.QuerySet[Any]):
    """Base of the querysets of everything in a workspace: every read starts from what the person may see."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A user who came with an API key sees nothing outside that key's workspace."""
        if not user.is_authenticated:
            return self.none()
        visible = self.filter(workspace__memberships__user=user, workspace__deleted_at=None)
        key = getattr(user, "api_key", None)
        return visible.filter(workspace_id=key.workspace_id) if key else visible

    def in_workspace(self, workspace: Any) -> Self:
        return self.filter(workspace=workspace)


class AuditQuerySet(InWorkspaceQuerySet):
    def found_by(
        self,
        *,
        actor: str = "",
        action: str = "",
        object_type: str = "",
        first_day: date | None = None,
        last_day: date | None = None,
    ) -> Self:
        """What the filters of the audit page leave; `action` may be its first part, days count in the local zone."""
        found = self
        if actor == NOT_SIGNED_IN:
            found = found.filter(actor=None)
        elif actor:
            found = found.filter(actor=actor)
        if action:
            found = found.filter(action__startswith=action)
        if object_type:
            found = found.filter(object_type=object_type)
        if first_day:
            found = found.filter(at__gte=_midnight(first_day))
        if last_day:
            found = found.filter(at__lt=_midnight(last_day + timedelta(days=1)))
        return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


class ApiKeyQuerySet(InWorkspaceQuerySet):
    def live(self) -> Self:
        """Neither revoked nor expired, nor made with a key that is."""
        now = timezone.now()
        own = Q(expires_at=None) | Q(expires_at__gt=now)
        makers = Q(made_with=None) | Q(made_with__revoked_at=None)
        return self.filter(own, makers, revoked_at=None, workspace__deleted_at=None)

    def of_members(self) -> Self:
        """Live, and made by a person who is let in and still a member: the keys that open anything."""
        return self.live().filter(created_by__is_active=True, workspace__memberships__user=F("created_by"))

    def by_secret(self, secret: str) -> ApiKey | None:
        """The live key with this secret, whose maker still is a member.

        The hash is looked up, so nothing about the secret leaks by timing.
        """
        found = self.of_members().select_related("workspace", "created_by")
        return found.filter(hash=hashlib.sha256(secret.encode()).hexdigest()).first()

    def note_use(self, key: ApiKey) -> None:
        """Write down that a key was used just now: once a minute at most, since it may come with every request."""
        now = timezone.now()
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_IS_NOTED_EVERY)
        with best_effort():
            self.filter(stale, pk=key.pk).update(last_used_at=now)


class InvitationQuerySet(InWorkspaceQuerySet):
    def open(self) -> Self:
        """Neither accepted nor revoked nor expired, and into a workspace that is there."""
        return self.filter(
            accepted_at=None, revoked_at=None, expires_at__gt=timezone.now(), workspace__deleted_at=None
        )

    def by_token(self, token: str) -> Invitation | None:
        """The open invitation with this token; its hash is looked up, never the token itself."""
        found = self.open().select_related("workspace", "created_by")
        return found.filter(token_hash=hashlib.sha256(token.encode()).hexdigest()).first()


class UsageEntryQuerySet(models.QuerySet[Any]):
    """The ledger is only added to."""

    def update(self, **_: Any) -> int:
        raise TypeError("Usage entries are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Usage entries are never deleted.")
