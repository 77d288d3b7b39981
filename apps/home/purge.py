"""Emptying a deleted workspace for good: every row of every app above it, and every file that they name."""

from functools import partial
from typing import Any

from django.db import models, transaction
from django.dispatch import receiver

from apps.catalog.models import BaseModel, Export, ModelVersion
from apps.core.disk_space import free_disk
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation
from apps.jobs.models import Job
from apps.publishing.models import App, AppVersion, Conversation, ShareLink
from apps.training.models import Preflight, Run
from apps.workspaces.models import Workspace
from apps.workspaces.signals import workspace_purged

IN_ORDER: tuple[tuple[type[models.Model], str], ...] = (
    (Conversation, "app__workspace"),
    (ShareLink, "workspace"),
    (AppVersion, "workspace"),
    (App, "workspace"),
    (ComparedEvaluation, "comparison__workspace"),
    (Comparison, "workspace"),
    (Evaluation, "workspace"),
    (Run, "workspace"),
    (Preflight, "workspace"),
    (Export, "workspace"),
    (ModelVersion, "workspace"),
    (BaseModel, "workspace"),
    (DatasetVersion, "workspace"),
    (Import, "workspace"),
    (Dataset, "workspace"),
    (Job, "workspace"),
)
"""What rests on something comes before it."""

_KEYS: tuple[type[Any], ...] = (DatasetVersion, ModelVersion, Export, Evaluation, Comparison)


@receiver(workspace_purged)
def delete_everything(workspace: Workspace, **_: Any) -> None:
    """The disk is freed once the rows are gone."""
    keys = _storage_keys(workspace)
    for model, path in IN_ORDER:
        model._default_manager.filter(**{path: workspace}).delete()
    transaction.on_commit(partial(free_disk, keys))


def _storage_keys(workspace: Workspace) -> list[str]:
    keys = [f"imports/{pk}" for pk in Import.objects.in_workspace(workspace).values_list("pk", flat=True)]
    keys += [f"jobs/{pk}" for pk in Job.objects.in_workspace(workspace).values_list("pk", flat=True)]
    for model in _KEYS:
        keys += model.objects.in_workspace(workspace).values_list("storage_key", flat=True)
    return keys
