"""Celery tasks of beat: deleted workspaces, reservations that were not settled, old audit entries."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.workspaces import audit, usage
from apps.workspaces.team import lifecycle

logger = logging.getLogger(__name__)


@shared_task(name="workspaces.purge")
def purge_workspaces() -> int:
    """Empty workspaces whose days of grace are over; one that fails does not keep the others."""
    purged = 0
    for workspace in lifecycle.due_for_purge():
        try:
            purged += lifecycle.purge_workspace(workspace)
        except Exception:
            logger.exception("Workspace %s could not be purged", workspace.pk)
    return purged


@shared_task(name="workspaces.forget_promises")
def forget_promises() -> int:
    """Give back tokens promised to answers whose process was killed."""
    return usage.forget_promises(before=timezone.now() - timedelta(days=1))


@shared_task(name="workspaces.expire_audit")
def expire_audit() -> int:
    """Remove what is older than AUDIT_DAYS from the audit trail."""
    return audit.expire_entries()
