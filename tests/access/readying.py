"""Brings the world into the state in which an address has something to do: a job that failed, a thing that nothing uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.utils import timezone

from apps.catalog.models import BaseModel
from apps.datasets.models import Import
from apps.jobs.models import Job
from apps.publishing.models import App, AppVersion, ShareLink
from apps.training.models import Run, Sweep, Trial
from tests.access.results import import_result
from tests.access.world import World


def _job(world: World, kind: str, state: str) -> Job:
    ours = world.ours
    return Job.objects.create(
        workspace=ours.workspace, kind=kind, state=state, title="t", queue="default", spec={}, created_by=world.people["owner"]
    )  # fmt: skip


def _failed_job(world: World) -> list[Any]:
    return [_job(world, "run", "failed").pk]


def _running(world: World) -> list[Any]:
    Job.objects.filter(pk=world.ours.things["run"].job_id).update(state="running")
    return [world.ours.things["run"].pk]


def _waiting(state: str) -> Callable[[World], list[Any]]:
    def ready(world: World) -> list[Any]:
        pk = world.ours.things["run"].job_id
        Job.objects.filter(pk=pk).update(state=state, pause_requested_at=None, ended_at=None)
        return [pk]

    return ready


def _with_a_fix(world: World) -> list[Any]:
    run = world.ours.things["run"]
    fix = {"label": "Train with learning rate 0.001", "recipe": {"learning_rate": 0.001}}
    Job.objects.filter(pk=run.job_id).update(state="failed", error_fix=fix)
    return [run.pk]


def _swept(world: World) -> list[Any]:
    """The sweep's trial is complete, and a second one is worse and has a model, too."""
    things = world.ours.things
    sweep, run = things["sweep"], Run.objects.get(pk=things["run"].pk)
    Job.objects.filter(pk=run.job_id).update(state="succeeded")
    Trial.objects.filter(sweep=sweep).exclude(run=run).delete()
    run.pk, run.number, run.job, run.model_version = (
        uuid4(),
        902,
        _job(world, "run", "succeeded"),
        things["free_model"],
    )
    run.result = {**run.result, "validation_loss": 9.0}
    run.save(force_insert=True)
    Trial.objects.create(sweep=sweep, run=run, number=2, values={"learning_rate": 0.01})
    Sweep.objects.filter(pk=sweep.pk).update(ended_at=timezone.now(), ending="trials")
    return [sweep.pk]


def _sweeping(world: World) -> list[Any]:
    sweep = world.ours.things["sweep"]
    Sweep.objects.filter(pk=sweep.pk).update(ended_at=None, ending="")
    return [sweep.pk]


def _with_a_checkpoint(world: World) -> list[Any]:
    run = world.ours.things["run"]
    kept = {"checkpoint_key": f"jobs/{run.job_id}/checkpoint-1-9", "checkpoint_step": 9}
    Job.objects.filter(pk=run.job_id).update(state="succeeded", **kept)
    return [run.pk]


def _fresh_import(world: World) -> list[Any]:
    """Read, and not yet a version."""
    ours = world.ours
    fresh = Import.objects.create(
        workspace=ours.workspace, dataset=ours.things["dataset"], filename="f.csv", source_bytes=1,
        source_key=f"matrix/{uuid4()}", rows_key=f"matrix/{uuid4()}", job=_job(world, "import", "succeeded"),
        result=import_result().model_dump(mode="json"),
    )  # fmt: skip
    return [fresh.pk]


def _archived(world: World) -> list[Any]:
    App.objects.filter(pk=world.ours.things["app"].pk).update(archived_at=timezone.now())
    return [world.ours.things["app"].pk]


def _unchecked(world: World) -> list[Any]:
    AppVersion.objects.filter(app=world.ours.things["app"]).update(parity_job=None)
    return [world.ours.things["app"].pk]


def _paused(world: World) -> list[Any]:
    ShareLink.objects.filter(pk=world.ours.things["share_link"].pk).update(paused_at=timezone.now())
    return [world.ours.things["app"].pk, world.ours.things["share_link"].pk]


def _thing(kind: str) -> Callable[[World], list[Any]]:
    return lambda world: [world.ours.things[kind].pk]


def _made(kind: str) -> Callable[[World], list[Any]]:
    return lambda world: [world.ours.made[kind].pk]


def _deactivated(world: World) -> list[Any]:
    from apps.accounts.models import User

    return [User.objects.create_user("left@example.com", "left-password-of-old", is_active=False).pk]


def _second_administrator(world: World) -> list[Any]:
    from apps.accounts.models import User

    return [User.objects.create_superuser(f"{uuid4().hex}@example.com", "p").pk]


def _uploaded_base(world: World) -> list[Any]:
    base = BaseModel.objects.filter(pk=world.ours.things["base_model"].pk)
    base.update(kind="upload", bytes=1)
    return [base.get().pk]


READY: dict[str, Callable[[World], list[Any]]] = {
    "jobs:retry": _failed_job,
    "api:job-retry": _failed_job,
    "console:retry": _failed_job,
    "jobs:pause": _waiting("queued"),
    "api:job-pause": _waiting("queued"),
    "jobs:priority": _waiting("queued"),
    "api:job-priority": _waiting("queued"),
    "jobs:unpause": _waiting("paused"),
    "api:job-unpause": _waiting("paused"),
    "console:reactivate": _deactivated,
    "console:remove_administrator": _second_administrator,
    "api:run-stop": _running,
    "training:fix": _with_a_fix,
    "training:continue": _with_a_checkpoint,
    "api:run-continue": _with_a_checkpoint,
    "training:sweep_stop": _sweeping,
    "api:sweep-stop": _sweeping,
    "training:sweep_keep_best": _swept,
    "datasets:import": _fresh_import,
    "datasets:discard": _fresh_import,
    "datasets:reread": _fresh_import,
    "api:import-reread": _fresh_import,
    "api:import-confirm": _fresh_import,
    "datasets:delete": _made("dataset"),
    "api:dataset-detail": _made("dataset"),
    "catalog:base_delete": _uploaded_base,
    "catalog:delete": _thing("free_model"),
    "api:modelversion-detail": _thing("free_model"),
    "catalog:export": _thing("free_model"),
    "api:modelversion-export": _thing("free_model"),
    "evaluation:delete": _thing("free_evaluation"),
    "api:evaluation-detail": _thing("free_evaluation"),
    "publishing:restore": _archived,
    "publishing:resume_link": _paused,
    "publishing:check_parity": _unchecked,
}
"""The ids for an address, after whatever it takes to make it useful."""
