"""What the first page shows, read across apps."""

from typing import Any

from apps.datasets.models import Dataset
from apps.jobs.models import Job
from apps.publishing.models import App
from apps.training.models import Run
from apps.workspaces.models import UsageKind, Workspace
from apps.workspaces.usage_report import meter_of

RECENT = 5


def overview(workspace: Workspace) -> dict[str, Any]:
    """Recent work and what is going on, newest first."""
    return {
        "active_jobs": list(
            Job.objects.in_workspace(workspace).active().with_pages().order_by("created_at")[:20]
        ),
        "datasets": list(Dataset.objects.in_workspace(workspace).current()[:RECENT]),
        "runs": list(
            Run.objects.in_workspace(workspace).select_related("job", "dataset_version__dataset")[:RECENT]
        ),
        "apps": list(App.objects.in_workspace(workspace).current()[:RECENT]),
        "disk_bytes": meter_of(workspace, UsageKind.STORAGE).used,
    }
