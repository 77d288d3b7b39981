"""News from below: a parity check that ended."""

from typing import Any

from django.dispatch import receiver

from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded
from apps.publishing.services.apps import store_parity
from apps.publishing.services.closing import stop_replies
from apps.workspaces.models import Workspace
from apps.workspaces.signals import workspace_closed
from workers.contracts.jobs import JobKind


@receiver(workspace_closed)
def end_answers(workspace: Workspace, **_: Any) -> None:
    """Its links and sockets look at the workspace themselves; answers under way end with what they have."""
    stop_replies(conversation__app__workspace=workspace)


@receiver(job_succeeded)
def take_parity(job: Job, **_: Any) -> None:
    if job.kind == JobKind.PARITY:
        store_parity(job)
