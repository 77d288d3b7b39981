"""What upkeep does for jobs by the clock: resume those whose worker went silent, send lost messages again, drop checkpoints."""

import logging
import math
import time
from functools import partial

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.core.database import is_outage
from apps.core.disk_space import free_disk
from apps.jobs import signals
from apps.jobs.models import Job
from apps.jobs.services import (
    checkpoint_of,
    end_attempt,
    end_waiting,
    hint_changed,
    record_events,
    requeue,
    send,
)
from apps.jobs.states import State
from apps.workspaces import usage
from workers.contracts.events import Log
from workers.contracts.texts import Text

logger = logging.getLogger(__name__)

REAPED_AT = "jobs.reaped_at"
"""Key in the cache of when upkeep last looked after jobs, in seconds since the epoch."""


def drop_checkpoint(job: Job) -> None:
    """Free the disk of what an ended job could have been continued from; the caller holds the transaction."""
    if job.is_ended and job.checkpoint_key:
        Job.objects.filter(pk=job.pk).update(checkpoint_key="")
        usage.set_stored(workspace=job.workspace, source=checkpoint_of(job), amount=0)
        transaction.on_commit(partial(free_disk, [job.checkpoint_key]))


def drop_old_checkpoints() -> int:
    """Free the disk of what jobs could have resumed from, CHECKPOINT_DAYS after they ended; return how many.

    `checkpoint_step` stays: it tells that there was one.
    """
    dropped = 0
    for pk in list(Job.objects.with_old_checkpoint().values_list("pk", flat=True)):
        with transaction.atomic():
            # Between the list and the lock a person may have pressed Resume.
            job = Job.objects.with_old_checkpoint().select_for_update().filter(pk=pk).first()
            if job is None:
                continue
            drop_checkpoint(job)
            dropped += 1
    return dropped


class Outage:
    """When the reaper last found the database unavailable. Workers could not write their heartbeats then either, so for a
    while afterwards silence proves nothing."""

    noticed_at = -math.inf

    def note(self) -> None:
        self.noticed_at = time.monotonic()

    @property
    def is_recent(self) -> bool:
        return time.monotonic() - self.noticed_at < settings.JOB_LOST_AFTER_SECONDS


_outage = Outage()
_LONG_WAIT_SECONDS = 2
"""For the one writer of SQLite; longer than anything of ours holds it."""


def reap() -> dict[str, int]:
    """Resume jobs whose worker went silent, mark those lost that did so too often, send unclaimed ones again."""
    try:
        return _reap()
    except DatabaseError as error:
        if is_outage(error):
            _outage.note()
        raise


def _reap() -> dict[str, int]:
    counts = {"resumed": 0, "lost": 0, "sent": 0}
    for pk in list(Job.objects.without_heartbeat().values_list("pk", flat=True)):
        began = time.monotonic()
        with transaction.atomic():
            if time.monotonic() - began > _LONG_WAIT_SECONDS:
                _outage.note()
            if _outage.is_recent:
                break
            # Between the list and the lock the worker may have spoken again.
            job = Job.objects.without_heartbeat().select_for_update().filter(pk=pk).first()
            if job is None:
                continue
            counts[_reap_one(job)] += 1
    for job in Job.objects.unclaimed():
        send(job)
        counts["sent"] += 1
    return counts


def _reap_one(job: Job) -> str:
    transaction.on_commit(lambda: hint_changed(job.pk))
    end_attempt(job)
    if job.stop_requested_at is not None and not job.checkpoint_key:
        end_waiting(job)
        return "lost"
    if job.resumes < settings.JOB_MOST_RESUMES:
        note = Log(level="warning", text=Text("jobs.silent_and_queued", worker=job.worker))
        record_events(job, [note])
        job.refresh_from_db()
        requeue(job, resumes=job.resumes + 1, keeps_stop=True)
        return "resumed"
    job.state, job.ended_at = State.LOST, timezone.now()
    job.error_code = "lost"
    job.error_message = Text("jobs.worker_silent")
    job.save()
    signals.job_ended.send(Job, job=job)
    return "lost"
