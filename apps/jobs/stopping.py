"""Asking jobs to end: by a person's wish, with their workspace, or because what they may take is used up."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.jobs.services import end_waiting, hint_changed, requeue
from apps.jobs.states import CLAIMED, WAITING, State, StopReason
from apps.workspaces import access, audit
from apps.workspaces.models import Workspace


@transaction.atomic
def request_stop(*, actor: User, job: Job) -> None:
    """Ask a running job to end with what it has; a queued one ends at once, and a paused one with its checkpoint."""
    access.require_repair(actor, job.workspace)
    _stop(actor, job.pk)


@transaction.atomic
def stop_all(*, actor: User, workspace: Workspace) -> None:
    """Stop all jobs that wait or run in a workspace that is being deleted; the caller has checked permission."""
    for pk in Job.objects.in_workspace(workspace).active().order_by("pk").values_list("pk", flat=True):
        _stop(actor, pk, keeps_result=False)


@transaction.atomic
def stop_for(job: Job, reason: StopReason) -> None:
    """Ask a running job to end with what it has, for a reason that its page gives, without a person's request."""
    _stop(None, job.pk, reason)


def _stop(
    actor: User | None, job_id: UUID, reason: StopReason | None = None, *, keeps_result: bool = True
) -> None:
    current = Job.objects.select_for_update().get(pk=job_id)
    if keeps_result and current.is_saving_what_it_has:
        return
    if keeps_result and current.state == State.PAUSED and current.checkpoint_key:
        current.stop_requested_at, current.pause_requested_at = timezone.now(), None
        current.stopped_for = reason or ""
        requeue(current, resumes=current.resumes, keeps_stop=True)
    elif current.state in WAITING:
        current.stop_requested_at = timezone.now()
        end_waiting(current)
    elif current.state in CLAIMED and current.stop_requested_at is None:
        current.state, current.stop_requested_at = State.STOPPING, timezone.now()
        current.stopped_for, current.pause_requested_at = reason or "", None
        current.save(update_fields=["state", "stop_requested_at", "stopped_for", "pause_requested_at"])
    else:
        return
    why: dict[str, Any] = {"reason": str(reason)} if reason else {}
    audit.record(actor, "job.stopped", current, kind=current.kind, **why)
    transaction.on_commit(lambda: hint_changed(job_id))
