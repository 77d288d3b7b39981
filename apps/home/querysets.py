"""What the first page shows, read across apps."""

from typing import Any

from apps.datasets.models import Dataset
from apps.datasets.querysets import load_newest
from apps.home.next_step import next_step
from apps.jobs.job_pages import with_pages
from apps.jobs.models import Job
from apps.publishing.models import App
from apps.training.models import Run
from apps.workspaces.models import UsageKind, Workspace
from apps.workspaces.usage.report import meter_of

RECENT = 5


def overview(workspace: Workspace) -> dict[str, Any]:
    """Recent work and what is going on, newest first, and what it waits for."""
    datasets = list(Dataset.objects.in_workspace(workspace).current().for_list()[:RECENT])
    load_newest(datasets)
    related = ("job", "dataset_version__dataset", "model_version")
    runs = list(Run.objects.in_workspace(workspace).select_related(*related)[:RECENT])
    apps = list(App.objects.in_workspace(workspace).current()[:RECENT])
    return {
        "active_jobs": with_pages(Job.objects.in_workspace(workspace).active().order_by("created_at")[:20]),
        "datasets": datasets,
        "runs": runs,
        "apps": apps,
        "next": next_step(datasets, runs, apps),
        "disk_bytes": meter_of(workspace, UsageKind.STORAGE).used,
    }
