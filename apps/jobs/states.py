"""The states of a job, and the groups of them that reads and pages ask for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
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
ACTIVE = (State.QUEUED, *CLAIMED)
FAILURES = (State.FAILED, State.ERRORED, State.LOST)
RETRIABLE = (*FAILURES, State.CANCELLED)
ENDED = (State.SUCCEEDED, *RETRIABLE)
STOPPABLE = (State.QUEUED, State.STARTING, State.RUNNING)


class StopReason(models.TextChoices):
    """Why the studio asked a job to end, in the words of its page."""

    HOURS = (
        "hours",
        _("The job was stopped because this workspace has used up its training hours for this month."),
    )
