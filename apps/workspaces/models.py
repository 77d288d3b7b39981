"""A team, who belongs to it, its keys, and the trail of what they did. Everything else belongs to one workspace."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified
from apps.workspaces.querysets import (
    ApiKeyQuerySet,
    AuditQuerySet,
    InvitationQuerySet,
    InWorkspaceQuerySet,
    UsageEntryQuerySet,
    WorkspaceQuerySet,
)

_NOT_BELOW_0 = [MinValueValidator(0)]


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
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    """Closed from then on; an owner may bring it back until its days of grace are over."""
    purged_at = models.DateTimeField(_("purged"), null=True, blank=True, editable=False)
    """From then on the row only carries what was recorded: audit entries and the usage ledger."""

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.deleted_at is None

    @property
    def purge_at(self) -> datetime | None:
        """When its files and rows go; None unless it was deleted."""
        return self.deleted_at + timedelta(days=settings.WORKSPACE_GRACE_DAYS) if self.deleted_at else None


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


class Invitation(InWorkspace):
    """A way into a workspace for one person, once. The token is shown when it is made; only its hash is kept.

    Without a workspace it is one into the studio: an account, sent by an administrator.
    """

    workspace = models.ForeignKey(  # type: ignore[assignment]
        Workspace, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("workspace")
    )

    email = models.EmailField(_("e-mail address"), blank=True)
    """The person who accepts must own this address, verified. Empty: anyone with the link may accept."""
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.VIEWER)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("accepted by"),
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.email or str(_("Link for one person"))


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
    """Only the hash is kept. A key acts for its maker, and never beyond its workspace (or its one app)."""

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=12)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    app_id = models.UUIDField(_("app"), null=True, blank=True)
    """The app it opens at /v1; without one it opens the workspace at /api/v1."""
    can_write = models.BooleanField(_("may write"), default=True)
    made_with = models.ForeignKey(
        "self",
        verbose_name=_("made with"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="made_keys",
    )
    """The key of a workspace that a script made this one with: it ends no later, and is revoked with it."""
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

    @property
    def made_by(self) -> str:
        """The person who made it, and the key that it was made with where a script did."""
        name = self.created_by.short_name if self.created_by else "–"
        return f"{name} · {self.made_with}" if self.made_with else name


class WorkspaceSecret(InWorkspace):
    """What a workspace keeps to itself, encrypted: its token for the Hub. Pages never show it again; jobs use it."""

    class Kind(models.TextChoices):
        HUB_TOKEN = "hub_token", _("Hub token")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    value = models.TextField(editable=False)
    """Sealed by apps.core.encryption."""
    hint = models.CharField(_("ends with"), max_length=4, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("secret")
        verbose_name_plural = _("secrets")
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="workspaces_one_secret")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class AuditEntry(models.Model):
    """What a person did. The database adds rows, and removes them by age; it refuses every other change but
    forgetting who a person was (see the migration with its triggers)."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, null=True, related_name="+")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("who"))
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_label = models.CharField(_("object"), max_length=200, blank=True)
    changes: Any = models.JSONField(_("changes"), default=dict, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    """Where the request came from; empty for what no request did."""
    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["workspace", "-at"], name="workspaces_audit_when")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label}"


class UsageKind(models.TextChoices):
    """What is counted, and may be limited, for each workspace."""

    STORAGE = "storage", _("Storage")
    RUNS = "runs", _("Runs waiting or running")
    ACCELERATOR = "accelerator", _("Training hours")
    TOKENS = "tokens", _("Tokens served")
    MEMBERS = "members", _("Members")


class UsageEntry(models.Model):
    """A line of the ledger: what something took (above 0) or gave back (below 0). Lines are added, never changed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=UsageKind.choices)
    amount = models.BigIntegerField(_("amount"))
    unit = models.CharField(_("unit"), max_length=10)
    """bytes, seconds or tokens."""
    object_type = models.CharField(_("kind of object"), max_length=40)
    object_id = models.CharField(max_length=40)
    at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = UsageEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage entry")
        verbose_name_plural = _("usage entries")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["workspace", "kind", "at"], name="workspaces_usage_by_time"),
            models.Index(fields=["object_id", "kind"], name="workspaces_usage_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:+d} {self.unit}"


class UsageTotal(models.Model):
    """The sum of a period's ledger lines, and what is promised on top. Its row lock is what makes limits hold."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=UsageKind.choices)
    period = models.DateField(_("period"))
    """The day for tokens, the first of the month for training, 1 January 2000 for storage, which never resets."""
    used = models.BigIntegerField(_("used"), default=0)
    reserved = models.BigIntegerField(_("reserved"), default=0)

    class Meta:
        verbose_name = _("usage total")
        verbose_name_plural = _("usage totals")
        ordering = ["-period"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind", "period"], name="workspaces_one_total")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period}: {self.used}"


class Reservation(models.Model):
    """Room promised to something under way: a run, an answer. Settled once, with what it really took."""

    total = models.ForeignKey(UsageTotal, models.CASCADE, related_name="reservations")
    key = models.CharField(_("for"), max_length=60, unique=True)
    amount = models.BigIntegerField(_("amount"))
    object_type = models.CharField(_("kind of object"), max_length=40)
    object_id = models.CharField(max_length=40)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    carried_at = models.DateTimeField(null=True, editable=False)
    """When its period began while it was under way: what was taken before is counted in the one before."""

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")

    def __str__(self) -> str:
        return f"{self.key}: {self.amount}"


class Quota(models.Model):
    """The limits of one workspace where they differ from the studio's. An empty field means the studio's."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="quota")
    is_unlimited = models.BooleanField(_("no limits at all"), default=False)
    storage_gb = models.FloatField(_("storage, GB"), null=True, blank=True, validators=_NOT_BELOW_0)
    runs = models.PositiveIntegerField(_("runs waiting or running"), null=True, blank=True)
    accelerator_hours = models.FloatField(
        _("training hours a month"), null=True, blank=True, validators=_NOT_BELOW_0
    )
    tokens_per_day = models.PositiveBigIntegerField(_("tokens a day"), null=True, blank=True)
    members = models.PositiveIntegerField(_("members"), null=True, blank=True)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")

    def __str__(self) -> str:
        return str(self.workspace)
