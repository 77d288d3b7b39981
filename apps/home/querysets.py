"""What the first page shows, read across apps."""

from typing import Any

from django.db.models import Sum

from apps.catalog.models import ModelVersion
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.jobs.models import Job
from apps.publishing.models import App
from apps.training.models import Run
from apps.workspaces.models import Workspace

RECENT = 5
_SHOWN_BY_JOBS = (
    "dataset_import",
    "dataset_version",
    "preflight",
    "run",
    "evaluation",
    "comparison",
    "export",
)
"""What has a page of its own (apps.jobs.links), fetched with the jobs."""


def disk_bytes(workspace: Workspace) -> int:
    """Bytes that the workspace's sources, versions and models take."""
    parts: tuple[tuple[Any, str], ...] = (
        (Import, "source_bytes"),
        (DatasetVersion, "bytes"),
        (ModelVersion, "bytes"),
    )
    return sum(
        model.objects.in_workspace(workspace).aggregate(total=Sum(field))["total"] or 0
        for model, field in parts
    )


def overview(workspace: Workspace) -> dict[str, Any]:
    """Recent work and what is going on, newest first."""
    return {
        "active_jobs": list(
            Job.objects.in_workspace(workspace)
            .active()
            .select_related(*_SHOWN_BY_JOBS)
            .order_by("created_at")[:20]
        ),
        "datasets": list(Dataset.objects.in_workspace(workspace).current()[:RECENT]),
        "runs": list(
            Run.objects.in_workspace(workspace).select_related("job", "dataset_version__dataset")[:RECENT]
        ),
        "apps": list(App.objects.in_workspace(workspace).current()[:RECENT]),
        "disk_bytes": disk_bytes(workspace),
    }
