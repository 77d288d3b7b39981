"""A published model: the app, its immutable versions, the links into it, and what was said there."""

import secrets
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import ModelVersion
from apps.core.models import Identified
from apps.core.site_days import site_today
from apps.jobs.models import Job
from apps.publishing.kinds import APP_KINDS, AppKind, kind_choices
from apps.publishing.querysets import AppQuerySet, ConversationQuerySet, MessageQuerySet, ShareLinkQuerySet
from apps.publishing.states import UNANSWERED, MessageState
from apps.workspaces.models import InWorkspace
from apps.workspaces.querysets import InWorkspaceQuerySet


class App(InWorkspace):
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("model name in the API"), max_length=90)
    app_type = models.CharField(_("type"), max_length=20, choices=kind_choices)
    live_version = models.ForeignKey(
        "AppVersion",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="live_in",
        verbose_name=_("live version"),
    )
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = AppQuerySet.as_manager()

    class Meta:
        verbose_name = _("app")
        verbose_name_plural = _("apps")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="publishing_app_number"),
            models.UniqueConstraint(fields=["workspace", "slug"], name="publishing_app_slug"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> AppKind:
        return APP_KINDS[self.app_type]


class AppVersion(InWorkspace):
    """Everything a visitor meets: model, words, limits. Never changed; editing makes the next one."""

    app = models.ForeignKey(App, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="app_versions")
    stored_settings: Any = models.JSONField(_("settings"), default=dict, blank=True)
    """AppSettings of the app's kind; read them as `settings`."""
    parity_job = models.OneToOneField(
        Job, models.SET_NULL, null=True, blank=True, related_name="parity_of", verbose_name=_("parity check")
    )
    parity: Any = models.JSONField(_("parity"), null=True, blank=True)
    """ParityResult, once checked."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("app version")
        verbose_name_plural = _("app versions")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["app", "number"], name="publishing_version_number")]

    def __str__(self) -> str:
        return f"{self.app.name} v{self.number}"

    @property
    def kind(self) -> AppKind:
        return self.app.kind

    @cached_property
    def settings(self) -> Any:
        """The settings model of the app's kind."""
        return self.kind.settings.from_stored(self.stored_settings)


class ShareLink(InWorkspace):
    """A way in without an account. The token is shown again to editors, so it is stored encrypted, and looked up by hash."""

    app = models.ForeignKey(App, models.CASCADE, related_name="links")
    name = models.CharField(_("name"), max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    token_encrypted = models.TextField(editable=False)
    password = models.CharField(_("password"), max_length=128, blank=True, editable=False)
    """Hashed as passwords of accounts are; empty for a link that opens without one."""
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    members_only = models.BooleanField(_("members of the workspace only"), default=False)
    max_uses_per_day = models.PositiveIntegerField(_("uses per day"), null=True, blank=True)
    max_uses_per_visitor = models.PositiveIntegerField(_("uses per visitor and day"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(_("uses in all"), null=True, blank=True)
    token_budget = models.PositiveBigIntegerField(_("token budget"), null=True, blank=True)
    embed_sites: Any = models.JSONField(_("sites that may show it in a frame"), default=list, blank=True)
    """Origins, as embedding.cleaned_sites makes them."""
    # Counted under the lock of the row (services.link_uses).
    uses = models.PositiveIntegerField(_("uses so far"), default=0, editable=False)
    uses_of_day = models.PositiveIntegerField(_("uses of the day"), default=0, editable=False)
    counted_on = models.DateField(_("counted on"), null=True, editable=False)
    """The day of `uses_of_day`, by the site's TIME_ZONE."""
    tokens = models.PositiveBigIntegerField(_("tokens used"), default=0, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name or str(self.app)

    @property
    def uses_today(self) -> int:
        return self.uses_of_day if self.counted_on == site_today() else 0

    @property
    def closed_because(self) -> str:
        """Why the link opens for no visitor at the moment: closed (for good), paused or expired. Empty while it opens."""
        if self.revoked_at is not None:
            return "closed"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        return "paused" if self.paused_at is not None else ""


def new_visitor_key() -> str:
    return secrets.token_urlsafe(24)


class Conversation(Identified):
    """One visitor's exchange with an app. A visitor without an account is known by a key in a signed cookie."""

    app = models.ForeignKey(App, models.CASCADE, related_name="conversations")
    link = models.ForeignKey(ShareLink, models.SET_NULL, null=True, blank=True, related_name="conversations")
    user = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")
    visitor_key = models.CharField(max_length=64, default=new_visitor_key, db_index=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.title or str(self.pk)


REQUEST_KEY_CHARACTERS = 40


def new_request_key() -> str:
    return secrets.token_hex(16)


class Message(Identified):
    """A turn. An answer is `pending` until a streamer takes it; its text is stored when it ends."""

    class Role(models.TextChoices):
        USER = "user", _("User")
        ASSISTANT = "assistant", _("Assistant")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    app_version = models.ForeignKey(AppVersion, models.RESTRICT, related_name="+")
    position = models.PositiveIntegerField()
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="followers", editable=False
    )
    """The message that it follows; None for a first question. Messages with one parent are versions of each other."""
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    state = models.CharField(
        _("state"), max_length=12, choices=MessageState.choices, default=MessageState.DONE
    )
    text = models.TextField(_("text"), blank=True)
    options: Any = models.JSONField(_("options"), default=dict, blank=True)
    """What the visitor chose for this turn, for instance the length of a summary."""
    superseded = models.BooleanField(_("replaced"), default=False)
    """Edited or answered again: kept, but not part of the conversation as it reads now."""
    request_key = models.CharField(max_length=REQUEST_KEY_CHARACTERS, default=new_request_key, editable=False)
    """The browser's own name for this turn, so that one sent twice is asked once."""
    labels: Any = models.JSONField(_("labels"), null=True, blank=True)
    """[{label, score}], highest first, for classification."""
    finish_reason = models.CharField(_("finish reason"), max_length=20, blank=True)
    error: Any = models.JSONField(_("error"), null=True, blank=True)
    """{code, message, tokens, limit}; see apps.publishing.errors for the words."""
    left_out = models.PositiveIntegerField(_("earlier messages left out"), default=0)
    """Turns that no longer fitted into the model's context."""
    prompt_tokens = models.PositiveIntegerField(_("prompt tokens"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    first_token_ms = models.PositiveIntegerField(_("first token, ms"), null=True, blank=True)
    total_ms = models.PositiveIntegerField(_("total, ms"), null=True, blank=True)
    stop_requested = models.BooleanField(_("stop requested"), default=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["conversation", "position"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "position"], name="publishing_message_position"),
            models.UniqueConstraint(
                fields=["conversation", "request_key"], name="publishing_message_request"
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="publishing_message_state")]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_ended(self) -> bool:
        return self.state not in UNANSWERED


class Feedback(Identified):
    """Whether an answer helped, as the visitor said."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="feedback")
    helped = models.BooleanField(_("helped"))
    comment = models.CharField(_("comment"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")

    def __str__(self) -> str:
        return str(self.helped)
