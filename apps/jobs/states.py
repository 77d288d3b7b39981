"""The states of a job, and the groups of them that reads and pages ask for."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    PAUSED = "paused", _("Paused")
    """It waits until a person resumes it, with the checkpoint of its last attempt."""
    STARTING = "starting", _("Starting")
    RUNNING = "running", _("Running")
    STOPPING = "stopping", _("Stopping")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    """The user can fix it."""
    ERRORED = "errored", _("Error in Maquette")
    """We must fix it."""
    CANCELLED = "cancelled", _("Cancelled")
    LOST = "lost", _("Lost")


CLAIMED = (State.STARTING, State.RUNNING, State.STOPPING)
"""A worker has it."""
WAITING = (State.QUEUED, State.PAUSED)
ACTIVE = (*WAITING, *CLAIMED)
FAILURES = (State.FAILED, State.ERRORED, State.LOST)
RETRIABLE = (*FAILURES, State.CANCELLED)
ENDED = (State.SUCCEEDED, *RETRIABLE)
PAUSABLE = (State.QUEUED, State.STARTING, State.RUNNING)
STOPPABLE = (*PAUSABLE, State.PAUSED)


class Priority(models.IntegerChoices):
    """Which of the waiting jobs of one workspace come first."""

    LOW = -1, pgettext_lazy("priority", "Low")
    NORMAL = 0, pgettext_lazy("priority", "Normal")
    HIGH = 1, pgettext_lazy("priority", "High")


class StopReason(models.TextChoices):
    """Why the studio asked a job to end, in the words of its page."""

    HOURS = (
        "hours",
        _("The job was stopped because this workspace has used up its training hours for this month."),
    )
    PRUNED = (
        "pruned",
        _(
            "The sweep stopped this trial because its validation results were worse than those of other trials."
        ),
    )
    BUDGET = "budget", _("The sweep stopped this trial because its time budget was used up.")
