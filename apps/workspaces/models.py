"""A team, who belongs to it, its keys, and the trail of what they did. Everything else belongs to one workspace."""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified
from apps.workspaces.querysets import ApiKeyQuerySet, WorkspaceQuerySet


def new_split_key() -> str:
    return secrets.token_hex(32)


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")
    ADMIN = "admin", _("Admin")
    OWNER = "owner", _("Owner")


class Workspace(Identified):
    name = models.CharField(_("name"), max_length=100)
    split_key = models.CharField(_("split key"), max_length=64, default=new_split_key, editable=False)
    """Keys the hash that decides a row's split, so that yesterday's training row never becomes tomorrow's test row."""

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name


class Membership(Identified):
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="workspaces_one_membership")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role}"


class InWorkspace(Identified):
    """Base of everything that belongs to a workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", verbose_name=_("workspace"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    class Meta:
        abstract = True


class Counter(models.Model):
    """Gives the things of a workspace the small numbers by which people call them: run 12, model 7."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=30)
    value = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="workspaces_one_counter")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class ApiKey(InWorkspace):
    """Only the hash is kept. A key acts for who made it, and never beyond its workspace (or its one app)."""

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=12)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    app_id = models.UUIDField(_("app"), null=True, blank=True)
    """The app it opens at /v1; without one it opens the workspace at /api/v1."""
    can_write = models.BooleanField(_("may write"), default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class AuditEntry(models.Model):
    """What somebody did. Rows are added and, by age, removed; never changed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, related_name="+")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_label = models.CharField(_("object"), max_length=200, blank=True)
    changes: Any = models.JSONField(_("changes"), default=dict, blank=True)
    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label}"
