"""What jobs make of news from below."""

from typing import Any

from django.dispatch import receiver

from apps.accounts.models import User
from apps.jobs import stopping
from apps.workspaces.models import Workspace
from apps.workspaces.signals import workspace_closed


@receiver(workspace_closed)
def stop_what_runs(workspace: Workspace, actor: User, **_: Any) -> None:
    stopping.stop_all(actor=actor, workspace=workspace)
