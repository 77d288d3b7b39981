"""The row behind every piece of background work; the only place with a state."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.models import Identified, WaitingDelivery
from apps.core.texts import StoredTextField
from apps.core.verdicts import VerdictText, verdict_text
from apps.jobs.querysets import JobQuerySet
from apps.jobs.states import (
    ACTIVE,
    CLAIMED,
    ENDED,
    FAILURES,
    PAUSABLE,
    RETRIABLE,
    STOPPABLE,
    WAITING,
    Priority,
    State,
    StopReason,
)
from apps.workspaces.models import InWorkspace
from workers.contracts.job_kinds import JOB_KINDS, JobKind
from workers.contracts.texts import Text

_MISSED_HEARTBEATS = 2


def kind_choices() -> list[tuple[str, Promise]]:
    """Names and labels of all kinds of jobs, in their order."""
    return [(kind.name, _(kind.label)) for kind in JOB_KINDS.values()]


class Job(InWorkspace):
    kind = models.CharField(_("kind"), max_length=20, choices=kind_choices)
    title = StoredTextField(_("title"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.QUEUED, db_index=True
    )
    queue = models.CharField(_("queue"), max_length=20)
    priority = models.SmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    """Among the jobs of its workspace that wait in the same queue."""
    announced = models.BooleanField(_("announced"), default=True)
    """False for a part of something larger, whose own end is worth a notice."""
    spec: Any = models.JSONField(_("spec"))
    result: Any = models.JSONField(_("result"), null=True, blank=True)

    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    resumes = models.PositiveIntegerField(_("resumes"), default=0)
    """How often it was put back by the reaper."""
    worker = models.CharField(_("worker"), max_length=100, blank=True)
    checkpoint_key = models.CharField(max_length=300, blank=True)
    checkpoint_step = models.PositiveIntegerField(null=True, blank=True)
    """Of the newest checkpoint; it outlives the checkpoint itself, which upkeep removes after a while."""
    stop_requested_at = models.DateTimeField(_("stop requested"), null=True, blank=True)
    pause_requested_at = models.DateTimeField(_("pause requested"), null=True, blank=True)
    """Set until it is resumed: an attempt that ends meanwhile leaves the job paused instead of queued."""
    stopped_for = models.CharField(_("stopped for"), max_length=10, choices=StopReason.choices, blank=True)
    """Empty unless the studio stopped it."""

    phase = StoredTextField(_("phase"), blank=True)
    fraction = models.FloatField(_("share done"), null=True, blank=True)
    seconds_left = models.FloatField(_("seconds left"), null=True, blank=True)
    """Both of the work itself, as its process estimates them; pages show `share_done` and `seconds_until_end`."""
    hours_end_at = models.DateTimeField(_("training hours end"), null=True, blank=True)
    """When the training hours of the workspace stop it; None where they last until the month ends."""
    device = models.CharField(_("device"), max_length=60, blank=True)

    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    error_message = StoredTextField(_("error"), blank=True)
    error_field = models.CharField(max_length=60, blank=True)
    error_fix: Any = models.JSONField(null=True, blank=True)
    error_trace = models.TextField(_("stack trace"), blank=True)

    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    attempt_started_at = models.DateTimeField(_("attempt started"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("heartbeat"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    """When the notice of its end was shown to the person who started it."""

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "queue", "created_at"]),
            models.Index(fields=["-created_at"]),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def audit_label(self) -> str:
        """What it works on, by name: entries say its kind in the reader's language."""
        return " ".join(str(value) for value in Text.parse(self.title).params.values()) or self.title

    @property
    def job_kind(self) -> JobKind:
        return JOB_KINDS[self.kind]

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED

    @property
    def has_failed(self) -> bool:
        return self.state in FAILURES

    @property
    def warning(self) -> VerdictText | None:
        """Why its success is none: the verdict of its result, where that warns."""
        kind = JOB_KINDS.get(self.kind)
        if kind is None or not kind.has_verdict:  # lists of other kinds load no results
            return None
        found = verdict_text(self.result) if isinstance(self.result, dict) else None
        return found if found is not None and found.warns else None

    @property
    def outcome(self) -> str:
        """Its state in words; one that succeeded without a usable result says that instead."""
        return self.warning.badge if self.warning else str(self.get_state_display())

    @property
    def silent_seconds(self) -> float | None:
        """How long nothing was heard of the worker of a claimed job; None while its heartbeats come as they should."""
        if self.state not in CLAIMED or self.heartbeat_at is None:
            return None
        silent = (timezone.now() - self.heartbeat_at).total_seconds()
        return silent if silent > _MISSED_HEARTBEATS * settings.JOB_HEARTBEAT_SECONDS else None

    @property
    def _hours_left(self) -> float | None:
        if not self.is_active or self.hours_end_at is None or self.stop_requested_at is not None:
            return None
        return max(0.0, (self.hours_end_at - timezone.now()).total_seconds())

    @property
    def is_ended_by_hours(self) -> bool:
        """Whether the training hours of its workspace end before its work does."""
        left = self._hours_left
        return left is not None and self.seconds_left is not None and left < self.seconds_left

    @property
    def seconds_until_end(self) -> float | None:
        """Until its work is done or the training hours of its workspace stop it; None while that is unknown."""
        return self._hours_left if self.is_ended_by_hours else self.seconds_left

    @property
    def share_done(self) -> float | None:
        """How much of the job is over: by its work, or by the training hours where they end it first."""
        left = self._hours_left
        if left is None or not self.is_ended_by_hours or self.attempt_started_at is None:
            return self.fraction
        taken = max(0.0, (timezone.now() - self.attempt_started_at).total_seconds())
        return max(self.fraction or 0.0, taken / max(1e-9, taken + left))

    @property
    def percent(self) -> int:
        return round(100 * (self.share_done or 0))

    @property
    def is_saving_what_it_has(self) -> bool:
        """Whether it was stopped without a process, and waits for a worker that makes a result of its checkpoint."""
        return self.state == State.QUEUED and self.stop_requested_at is not None

    @property
    def can_stop(self) -> bool:
        return self.state in STOPPABLE and not self.is_saving_what_it_has

    @property
    def can_pause(self) -> bool:
        """Kinds that go on from a checkpoint can."""
        resumes = self.kind in JOB_KINDS and self.job_kind.resumes
        is_wanted = self.pause_requested_at is None and self.stop_requested_at is None
        return resumes and self.state in PAUSABLE and is_wanted

    @property
    def is_pausing(self) -> bool:
        """Whether its process was asked to write a checkpoint and end."""
        return self.state in PAUSABLE and self.pause_requested_at is not None

    @property
    def can_unpause(self) -> bool:
        return self.state == State.PAUSED or self.is_pausing

    @property
    def has_nothing_to_keep(self) -> bool:
        """Whether stopping it now ends it without a result."""
        return self.state == State.QUEUED or (self.state == State.PAUSED and not self.checkpoint_key)

    @property
    def can_be_ordered(self) -> bool:
        """Whether its priority matters: it waits, or waits again once it is resumed."""
        return self.state in WAITING

    @property
    def can_retry(self) -> bool:
        return self.state in RETRIABLE

    @property
    def has_lost_checkpoint(self) -> bool:
        """Whether it could have been resumed once, and can now only begin again."""
        return self.can_retry and self.checkpoint_step is not None and not self.checkpoint_key

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or ran."""
        if self.started_at is None:
            return None
        return ((self.ended_at or timezone.now()) - self.started_at).total_seconds()


class JobEvent(models.Model):
    """One event of workers.contracts.events, as the child sent it. `seq` ascends within a job, over its attempts."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    step = models.PositiveIntegerField(null=True)
    data: Any = models.JSONField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["job", "seq"]
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="jobs_event_seq")]
        indexes = [models.Index(fields=["job", "kind", "seq"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"


class NotificationSettings(Identified):
    """Which messages a user gets when a run that they started has ended."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_settings"
    )
    by_email = models.BooleanField(_("by e-mail"), default=False)
    webhook_encrypted = models.TextField(editable=False, blank=True)
    """The address, which often holds a secret; empty without a webhook."""
    webhook_secret_encrypted = models.TextField(editable=False, blank=True)
    """What its requests are signed with."""
    webhook_outcome = StoredTextField(_("last delivery"), blank=True)
    webhook_at = models.DateTimeField(_("last delivery at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notification settings")
        verbose_name_plural = _("notification settings")

    def __str__(self) -> str:
        return str(self.user)


class WaitingWebhook(WaitingDelivery):
    """A request to a user's webhook until the other server has taken it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("waiting webhook")
        verbose_name_plural = _("waiting webhooks")

    def __str__(self) -> str:
        return str(self.pk)
