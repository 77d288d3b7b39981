"""What a person changes about a job that waits: its priority, and whether it waits until it is resumed."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.jobs.models import Job
from apps.jobs.services import hint_changed, requeue
from apps.jobs.states import Priority, State
from apps.workspaces import access, audit


@transaction.atomic
def pause(*, actor: User, job: Job) -> None:
    """Take a job out of the queue until it is resumed. One at work writes a checkpoint, and its worker is free again.

    It still counts as one of the runs of its workspace, and keeps its training hours. Raises UserError for a job that has
    ended or whose kind starts over.
    """
    access.require_repair(actor, job.workspace)
    current = Job.objects.select_for_update().get(pk=job.pk)
    if not current.can_pause:
        raise UserError(_("Only a run that is queued or running can be paused."))
    current.pause_requested_at = timezone.now()
    if current.state == State.QUEUED:
        current.state = State.PAUSED
    current.save(update_fields=["state", "pause_requested_at"])
    audit.record(actor, "job.paused", current, kind=current.kind)
    transaction.on_commit(lambda: hint_changed(job.pk))


@transaction.atomic
def unpause(*, actor: User, job: Job) -> None:
    """Queue a paused job again. It goes on from its checkpoint where there is one. Raises UserError for any other."""
    access.require_repair(actor, job.workspace)
    current = Job.objects.select_for_update().get(pk=job.pk)
    if not current.can_unpause:
        raise UserError(_("This job is not paused."))
    current.pause_requested_at = None
    if current.state == State.PAUSED:
        requeue(current, resumes=current.resumes)
    else:
        # Its process may have been told already: then it ends, and the job is queued again at once.
        current.save(update_fields=["pause_requested_at"])
    audit.record(actor, "job.unpaused", current, kind=current.kind)
    transaction.on_commit(lambda: hint_changed(job.pk))


@transaction.atomic
def set_priority(*, actor: User, job: Job, priority: str) -> None:
    """Let a waiting job come before or after the others of its workspace: low, normal or high. Raises UserError (field
    priority)."""
    access.require_repair(actor, job.workspace)
    current = Job.objects.select_for_update().get(pk=job.pk)
    chosen = next((one for one in Priority if one.name.lower() == priority), None)
    if chosen is None:
        raise UserError(_("Choose low, normal or high."), field="priority")
    if not current.can_be_ordered:
        raise UserError(_("The priority only matters while a job waits. This one has started or ended."))
    current.priority = chosen
    current.save(update_fields=["priority"])
    audit.record(actor, "job.priority_changed", current, priority=priority)
    transaction.on_commit(lambda: hint_changed(job.pk))
