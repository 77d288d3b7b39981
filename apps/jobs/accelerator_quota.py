"""Training hours: what jobs on accelerators take of their workspace's month.

A job promises before anyone knows what it takes: a run its pre-flight's estimate, an evaluation a minute. The promise
grows with its heartbeats, and a job for which there is no room left is asked to stop. What each attempt took is counted
when it ends; what was promised beyond that is free again when the job ends.
"""

import math
from datetime import timedelta

from django.utils import timezone

from apps.jobs import stopping
from apps.jobs.models import Job
from apps.jobs.states import StopReason
from apps.workspaces import usage
from apps.workspaces.models import UsageKind

A_MINUTE = 60
"""What a job promises of whose length nothing is known, and by how much a promise grows at once, where there is room."""
_SAME_END = timedelta(seconds=5)
"""An end that moved less is not written again."""


def _key(job: Job) -> str:
    return f"job:{job.pk}"


def promise(job: Job, *, source: usage.Source, seconds: float = A_MINUTE) -> None:
    """Before a job begins, or begins again; `source` is what the ledger names. Raises OverQuota."""
    usage.reserve(
        workspace=job.workspace,
        kind=UsageKind.ACCELERATOR,
        amount=max(1, math.ceil(seconds)),
        key=_key(job),
        source=source,
    )


def require(job: Job, seconds: float) -> None:
    """An attempt has been at work for so long: beyond its promise it goes on while its workspace has hours left, then stops."""
    needed, since = math.ceil(seconds), job.attempt_started_at
    if not usage.stretch(key=_key(job), needed=needed, ahead=A_MINUTE, since=since):
        stopping.stop_for(job, StopReason.HOURS)
    _note_end(job, needed)


def _note_end(job: Job, taken: int) -> None:
    """Keep when the hours will stop the job, for its progress. They are full again when the month ends."""
    left = usage.room_of_promise(key=_key(job), taken=taken, since=job.attempt_started_at)
    end = None if left is None else timezone.now() + timedelta(seconds=left)
    month_ends = usage.period_ends(UsageKind.ACCELERATOR)
    if end is not None and month_ends is not None and end >= month_ends:
        end = None
    known = job.hours_end_at
    if end is not None and known is not None and abs(end - known) < _SAME_END:
        return
    if end != known:
        job.hours_end_at = end
        Job.objects.filter(pk=job.pk).update(hours_end_at=end)


def count_attempt(job: Job, seconds: float) -> None:
    """An attempt ended: its time is counted against what was promised."""
    usage.spend(key=_key(job), amount=round(seconds), is_last=False, since=job.attempt_started_at)


def give_back(job: Job) -> None:
    """The job ended: what it did not need of its promise is free again."""
    usage.spend(key=_key(job), amount=0)
