"""What jobs make of news from below."""

from typing import Any

from django.dispatch import receiver

from apps.accounts.models import User
from apps.accounts.signals import personal_data_asked
from apps.jobs import accelerator_quota, notifications, stopping
from apps.jobs.models import Job, NotificationSettings
from apps.jobs.signals import attempt_ended, attempt_goes_on, job_ended
from apps.workspaces.models import Workspace
from apps.workspaces.signals import workspace_closed


@receiver(workspace_closed)
def stop_what_runs(workspace: Workspace, actor: User, **_: Any) -> None:
    stopping.stop_all(actor=actor, workspace=workspace)


@receiver(attempt_goes_on)
def require_hours(job: Job, seconds: float, **_: Any) -> None:
    accelerator_quota.require(job, seconds)


@receiver(attempt_ended)
def count_attempt(job: Job, seconds: float, **_: Any) -> None:
    accelerator_quota.count_attempt(job, seconds)


@receiver(job_ended)
def give_hours_back(job: Job, **_: Any) -> None:
    accelerator_quota.give_back(job)


@receiver(job_ended)
def notify_owner(job: Job, **_: Any) -> None:
    notifications.notify(job)


@receiver(personal_data_asked)
def add_settings(user: User, **_: Any) -> dict[str, list[dict[str, Any]]]:
    """The webhook is not in it: its address often holds a secret."""
    rows = NotificationSettings.objects.filter(user=user)
    return {
        "notifications": [
            {"by_email": row.by_email, "has_webhook": bool(row.webhook_encrypted)} for row in rows
        ]
    }
