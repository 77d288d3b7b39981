"""Beat's tasks; they run on the `upkeep` queue, never behind a long import."""

import logging
import time
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from apps.accounts import services as accounts
from apps.datasets.services.uploading import drop_old_uploads
from apps.jobs import reaper
from apps.workspaces import audit, lifecycle, usage
from studio.celery import app

logger = logging.getLogger(__name__)
_HOUR_SECONDS = 3600


@shared_task(name="upkeep.reap")
def reap() -> dict[str, int]:
    cache.set(reaper.REAPED_AT, time.time(), None)
    return reaper.reap()


@shared_task(name="upkeep.purge_workspaces")
def purge_workspaces() -> int:
    """Empty workspaces whose days of grace are over; one that fails does not keep the others."""
    purged = 0
    for workspace in lifecycle.due_for_purge():
        try:
            purged += lifecycle.purge_workspace(workspace)
        except Exception:
            logger.exception("Workspace %s could not be purged", workspace.pk)
    return purged


@shared_task(name="upkeep.forget_promises")
def forget_promises() -> int:
    """Give back tokens promised to answers whose process was killed."""
    return usage.forget_promises(before=timezone.now() - timedelta(days=1))


@shared_task(name="upkeep.expire_audit")
def expire_audit() -> int:
    """Remove what is older than AUDIT_DAYS from the audit trail."""
    return audit.expire_entries()


@shared_task(name="upkeep.tidy")
def tidy() -> dict[str, int]:
    """Delete abandoned uploads and old checkpoints, and forget sessions that have ended."""
    return {
        "uploads": drop_old_uploads(),
        "checkpoints": reaper.drop_old_checkpoints(),
        "sessions": accounts.forget_ended_sessions(),
    }


@app.on_after_finalize.connect
def plan(sender: Any, **_: Any) -> None:
    sender.add_periodic_task(
        settings.JOB_REAP_EVERY_SECONDS, reap.s().set(queue="upkeep", expires=60), name="reap"
    )
    for task in (purge_workspaces, forget_promises, expire_audit, tidy):
        sender.add_periodic_task(
            _HOUR_SECONDS, task.s().set(queue="upkeep", expires=_HOUR_SECONDS), name=task.name
        )
