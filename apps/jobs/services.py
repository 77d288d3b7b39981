"""Every write to a job. The worker calls claim, record and finish; pages call retry, and those of stopping.py."""

import contextlib
import logging
import traceback
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.database import is_outage
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.jobs import signals
from apps.jobs.models import Job, JobEvent
from apps.jobs.queue_order import Queues
from apps.jobs.states import CLAIMED, State
from apps.workspaces import access, audit, usage
from apps.workspaces.models import Workspace
from studio.celery import app as celery_app
from workers.contracts.events import Event, Failed, Log, Progress, Started
from workers.contracts.job_kinds import JobKind
from workers.contracts.specs import JobSpec
from workers.contracts.texts import Text

logger = logging.getLogger(__name__)

RUN_TASK = "jobs.run"
"""The Celery task that runs any job; its code is in apps.jobs.tasks, which the site does not import."""
NOT_KEPT = ("progress", "started", "finished", "failed")
"""Events whose content lives on the job's row instead of in a row of their own."""


def group_of(job_id: UUID | str) -> str:
    """The channel group that hears that a job changed."""
    return f"job.{job_id}"


def enqueue(
    *,
    actor: User | None,
    workspace: Workspace,
    kind: JobKind,
    title: Text,
    spec: JobSpec,
    announced: bool = True,
) -> Job:
    """Create a queued job; after commit its Celery task is sent, carrying the id only.

    The caller has checked permission and holds the transaction in which the domain row is made.
    """
    job = Job.objects.create(
        workspace=workspace,
        created_by=actor,
        kind=kind.name,
        title=Text.parse(title),
        queue=kind.queue.value,
        spec=spec.model_dump(mode="json"),
        announced=announced,
    )
    transaction.on_commit(lambda: send(job))
    return job


def send(job: Job) -> None:
    """Hand the job to the broker. When that fails, the reaper sends it again: the database is the queue."""
    try:
        celery_app.send_task(RUN_TASK, args=[str(job.pk)], queue=job.queue, retry=False, ignore_result=True)
    except Exception:
        logger.warning("Could not send job %s; it will be sent again", job.pk, exc_info=True)
        return
    Job.objects.filter(pk=job.pk, state=State.QUEUED).update(sent_at=timezone.now())


def hint_changed(job_id: UUID | str) -> None:
    """Tell open pages that there is something new to read. Nothing depends on the hint arriving."""
    layer = get_channel_layer()
    with contextlib.suppress(Exception):
        async_to_sync(layer.group_send)(group_of(job_id), {"type": "job.changed", "job": str(job_id)})


def claim(*, job_id: str, worker: str) -> Job | None:
    """Take the queued job whose turn it is in the queue of `job_id`, or return None.

    A message from the broker stands for one turn of its queue, whichever job it names: there are as many messages as
    queued jobs, and workspaces take turns (apps.jobs.queue_order). A second delivery of a message finds nothing to do, or takes
    another job a little earlier.
    """
    now = timezone.now()
    with transaction.atomic():
        job = _take_turn(job_id)
        if job is None:
            return None
        job.state, job.worker, job.attempt = State.STARTING, worker, job.attempt + 1
        job.heartbeat_at, job.started_at, job.attempt_started_at = now, job.started_at or now, now
        job.phase, job.seconds_left, job.hours_end_at = "", None, None
        job.save()
        signals.job_started.send(Job, job=job)
    hint_changed(job.pk)
    return job


def _take_turn(job_id: str) -> Job | None:
    """Lock the job that comes next in the queue of `job_id`: that one itself where its workspace is next and none of its jobs
    goes first. Jobs of closed workspaces end on the way."""
    queue = Job.objects.filter(pk=job_id).values_list("queue", flat=True).first()
    order = Queues(queue).order(queue) if queue else []
    asked = UUID(job_id).hex
    turn = [(job.workspace_id, job.priority) for job in order[:1]]
    first = [job.pk for job in order if job.pk == asked and [(job.workspace_id, job.priority)] == turn]
    for pk in [*first, *(job.pk for job in order)]:
        # Another worker may be taking it at this moment.
        found = Job.objects.select_for_update(skip_locked=True, of=("self",))
        job: Job | None = found.filter(pk=pk, state=State.QUEUED).first()
        if job is not None and job.workspace.is_open:
            return job
        if job is not None:
            end_waiting(job)
    return None


def is_current(job: Job) -> bool:
    """Whether `job` still is the attempt that may write: not reaped, not ended, not started again elsewhere."""
    return Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=CLAIMED).exists()


def heartbeat(job: Job) -> bool:
    """Say that the attempt is alive. False when it is no longer the current one, and must end."""
    now = timezone.now()
    current = Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=CLAIMED)
    if current.update(heartbeat_at=now) != 1:
        return False
    if job.attempt_started_at is not None:
        signals.attempt_goes_on.send(Job, job=job, seconds=(now - job.attempt_started_at).total_seconds())
    return True


class Wishes(NamedTuple):
    """What a person asked of a job that may be at work."""

    stop: bool
    pause: bool


def wishes_for(job: Job) -> Wishes:
    row = Job.objects.filter(pk=job.pk).values_list("stop_requested_at", "pause_requested_at").first()
    stop, pause = row or (None, None)
    return Wishes(stop is not None, pause is not None)


@transaction.atomic
def record_events(job: Job, events: Sequence[Event]) -> bool:
    """Turn a batch of events into rows and into the job's current progress. False when the attempt is not current."""
    current = (
        Job.objects.select_for_update().filter(pk=job.pk, attempt=job.attempt, state__in=CLAIMED).first()
    )
    if current is None:
        return False
    changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
    for event in events:
        if isinstance(event, Started):
            changes["device"] = " · ".join(filter(None, (event.device, event.precision)))
        if isinstance(event, Progress):
            changes |= {"phase": event.phase, "seconds_left": event.seconds_left}
            if event.fraction is not None:
                changes["fraction"] = event.fraction
    if current.state == State.STARTING:
        changes["state"] = State.RUNNING
    Job.objects.filter(pk=job.pk).update(**changes)
    last = JobEvent.objects.filter(job=job).aggregate(last=Max("seq"))["last"] or 0
    kept = [event for event in events if event.type not in NOT_KEPT]
    JobEvent.objects.bulk_create(
        JobEvent(
            job=job,
            seq=last + index,
            attempt=job.attempt,
            kind=event.type,
            step=getattr(event, "step", None),
            data=event.model_dump(mode="json", exclude={"type"}),
        )
        for index, event in enumerate(kept, start=1)
    )
    return True


@transaction.atomic
def record_checkpoint(job: Job, *, key: str, step: int) -> str | None:
    """Remember where the newest checkpoint lies; return the key of the one it replaces, to be deleted."""
    size = storage().size(key)
    current = (
        Job.objects.select_for_update().filter(pk=job.pk, attempt=job.attempt, state__in=CLAIMED).first()
    )
    if current is None:
        return key
    usage.set_stored(workspace=current.workspace, source=checkpoint_of(job), amount=size)
    replaced = current.checkpoint_key
    Job.objects.filter(pk=job.pk).update(checkpoint_key=key, checkpoint_step=step)
    return replaced if replaced and replaced != key else None


def checkpoint_of(job: Job) -> tuple[str, str]:
    """Under which name the ledger keeps what a job's newest checkpoint takes."""
    return "checkpoint", str(job.pk)


def finish(job: Job, *, result: dict[str, Any]) -> None:
    """Succeed. What the apps above make of the result is written in the same transaction; if that fails, so does the job."""
    try:
        with transaction.atomic():
            current = _end(job, State.SUCCEEDED, result=result, fraction=1.0, seconds_left=None, phase="")
            if current is not None:
                signals.job_succeeded.send(Job, job=current)
                signals.job_ended.send(Job, job=current)
    except UserError as error:
        fail(job, Failed(code=error.code, message=Text.marked(str(error.message)), field=error.field))
        return
    except Exception as error:
        if is_outage(error):
            # The result is as good as before: the caller tries again.
            raise
        logger.exception("The result of job %s could not be taken", job.pk)
        message = Text("common.internal", kind=type(error).__name__, error=error)
        fail(
            job,
            Failed(code="result_refused", message=message, user_error=False, trace=traceback.format_exc()),
        )
        return
    _after_end(job)


def fail(job: Job, failure: Failed) -> None:
    """End as failed (the user can fix it) or errored (we must)."""
    with transaction.atomic():
        current = _end(
            job,
            State.FAILED if failure.user_error else State.ERRORED,
            error_code=failure.code,
            error_message=failure.message,
            error_field=failure.field or "",
            error_fix=failure.fix.model_dump(mode="json") if failure.fix else None,
            error_trace=failure.trace,
        )
        if current is not None:
            signals.job_ended.send(Job, job=current)
    _after_end(job)


def end_cancelled(job: Job) -> None:
    with transaction.atomic():
        current = _end(job, State.CANCELLED)
        if current is not None:
            signals.job_ended.send(Job, job=current)
    _after_end(job)


def _end(job: Job, state: State, **fields: Any) -> Job | None:
    """Write the final state if `job` is the current attempt; return the fresh row, or None."""
    found = Job.objects.select_for_update().filter(pk=job.pk, attempt=job.attempt, state__in=CLAIMED)
    current = found.first()
    if current is None:
        return None
    end_attempt(current)
    current.state, current.ended_at = state, timezone.now()
    for name, value in fields.items():
        setattr(current, name, value)
    current.save()
    return current


def end_attempt(job: Job) -> None:
    """Say how long the attempt of a locked row was at work: until now, or until it was last heard of."""
    until = timezone.now()
    if job.heartbeat_at and until - job.heartbeat_at > timedelta(seconds=settings.JOB_LOST_AFTER_SECONDS):
        until = job.heartbeat_at
    if job.attempt_started_at is not None:
        seconds = max(0.0, (until - job.attempt_started_at).total_seconds())
        signals.attempt_ended.send(Job, job=job, seconds=seconds)


def end_waiting(job: Job) -> None:
    """End a locked row that no worker has claimed."""
    job.state, job.ended_at = State.CANCELLED, timezone.now()
    job.save()
    signals.job_ended.send(Job, job=job)


def _after_end(job: Job) -> None:
    hint_changed(job.pk)
    current = Job.objects.filter(pk=job.pk).first()
    keeps = current is not None and current.job_kind.keeps_checkpoint
    if current and current.checkpoint_key and current.state == State.SUCCEEDED and not keeps:
        storage().delete(current.checkpoint_key)
        usage.set_stored(workspace=current.workspace, source=checkpoint_of(job), amount=0)
        Job.objects.filter(pk=job.pk).update(checkpoint_key="")


@transaction.atomic
def retry(*, actor: User, job: Job) -> None:
    """Queue an ended job again; it goes on from its last checkpoint where there is one."""
    access.require_repair(actor, job.workspace)
    # The workspace before its jobs, in the order in which a deletion takes them.
    usage.lock_workspace(job.workspace_id)
    current = Job.objects.select_for_update().get(pk=job.pk)
    if not current.can_retry:
        raise UserError(_("Only a job that ended without a result can be tried again."))
    signals.job_retried.send(Job, job=current, actor=actor)
    if current.has_lost_checkpoint:
        current.checkpoint_step = None
    current.pause_requested_at = None
    requeue(current, resumes=0)
    audit.record(actor, "job.retried", current, kind=current.kind)


def requeue(job: Job, *, resumes: int, keeps_stop: bool = False) -> None:
    """Put a locked row back into the queue, keeping its checkpoint. One that is to pause waits until it is resumed.

    `keeps_stop` keeps the request to stop: the next attempt first saves what the checkpoint holds.
    """
    job.state, job.resumes = State.PAUSED if job.pause_requested_at else State.QUEUED, resumes
    job.ended_at = job.sent_at = job.seen_at = None
    job.error_code = job.error_message = job.error_field = job.error_trace = job.phase = ""
    job.error_fix = job.seconds_left = job.hours_end_at = None
    if not keeps_stop:
        job.stop_requested_at, job.stopped_for = None, ""
    job.save()
    if job.state == State.QUEUED:
        transaction.on_commit(lambda: send(job))
    transaction.on_commit(lambda: hint_changed(job.pk))


def release(job: Job, *, is_paused: bool = False) -> None:
    """Give a claimed job back to the queue: its attempt was paused, or its worker is going down in an orderly way. One that
    was stopped ends; where it was paused before, another attempt first saves what the checkpoint holds."""
    with transaction.atomic():
        current = (
            Job.objects.select_for_update().filter(pk=job.pk, attempt=job.attempt, state__in=CLAIMED).first()
        )
        if current is not None and (
            current.stop_requested_at is None or (is_paused and current.checkpoint_key)
        ):
            end_attempt(current)
            requeue(current, resumes=current.resumes, keeps_stop=True)
            return
    end_cancelled(job)


def resume(job: Job) -> bool:
    """Queue an attempt that was killed again, from its last checkpoint. False when that happened too often."""
    with transaction.atomic():
        current = (
            Job.objects.select_for_update().filter(pk=job.pk, attempt=job.attempt, state__in=CLAIMED).first()
        )
        if current is None:
            return True
        if current.resumes >= settings.JOB_MOST_RESUMES:
            return False
        record_events(current, [Log(level="warning", text=Text("jobs.killed_and_queued"))])
        current.refresh_from_db()
        end_attempt(current)
        requeue(current, resumes=current.resumes + 1)
    return True


def mark_seen(*, user: User, job_ids: Sequence[UUID]) -> None:
    """The notice that these jobs ended was shown to the people who started them."""
    Job.objects.filter(pk__in=job_ids, created_by=user, seen_at=None).update(seen_at=timezone.now())
