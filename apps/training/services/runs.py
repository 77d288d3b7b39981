"""Starting and renaming runs, and keeping what they leave."""

from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.core.models import fitting
from apps.core.texts import translated
from apps.datasets.models import DatasetVersion
from apps.datasets.services import keeping as datasets
from apps.jobs import accelerator_quota
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.states import ACTIVE
from apps.training.models import Preflight, Run
from apps.training.services.preflights import fingerprint
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind, Workspace
from apps.workspaces.numbering import next_number
from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightResult
from workers.contracts.job_kinds.run import RUN, RunResult, RunSpec
from workers.contracts.recipes import Recipe, VersionBase
from workers.contracts.texts import Text
from workers.contracts.verdicts import RunEnding


@dataclass(frozen=True)
class TimeLimit:
    """The answer to "stop after so many minutes, or let it finish?"; None: let it finish."""

    minutes: float | None


@transaction.atomic
def start_run(
    *, actor: User, preflight: Preflight, name: str = "", time_limit: TimeLimit | None = None
) -> Run:
    """Start the run that the pre-flight described; one that is under way already, asked for again, is that one.

    `time_limit` replaces the recipe's; without one the recipe's holds.

    Raises UserError when something blocks it, OverQuota when the workspace has no room for it.
    """
    workspace = preflight.workspace
    access.require(actor, workspace, Action.EDIT)
    # Held against being deleted meanwhile, the data first.
    version = datasets.hold_version(preflight.dataset_version)
    # A button pressed twice: the second press waits here for the first.
    Preflight.objects.select_for_update().get(pk=preflight.pk)
    if preflight.base_version is not None:
        preflight.base_version = catalog.hold_version(preflight.base_version)
    base_version = require_startable(preflight)
    under_way = preflight.runs.filter(job__state__in=ACTIVE, continues=None, trial=None).first()
    if under_way is not None:
        return under_way
    usage.require_one_more(workspace, UsageKind.RUNS)
    usage.require_storage(workspace)
    plan = _limited(PreflightResult.model_validate(preflight.result), time_limit)
    run = create_run(actor, preflight, version, base_version, plan, name=name.strip())
    audit.record(actor, "run.started", run, data=str(version), base=preflight.base_label)
    return run


@dataclass(frozen=True)
class RunPlan:
    """What a run is to do, and about how long that takes."""

    recipe: Recipe
    steps: int
    seconds: float
    continues: Run | None = None


def _limited(result: PreflightResult, time_limit: TimeLimit | None) -> RunPlan:
    if time_limit is None:
        return RunPlan(result.recipe, result.steps, result.seconds)
    whole = result.whole_seconds or result.seconds
    seconds = whole if time_limit.minutes is None else min(whole, time_limit.minutes * 60)
    try:
        recipe = Recipe.model_validate({**result.recipe.model_dump(), "max_minutes": time_limit.minutes})
    except ValidationError as error:
        raise UserError(_("Enter a time limit between 1 second and 30 days."), field="minutes") from error
    return RunPlan(recipe, result.steps, seconds)


def create_run(
    actor: User,
    preflight: Preflight,
    version: DatasetVersion,
    base_version: ModelVersion,
    plan: RunPlan,
    *,
    name: str,
    announced: bool = True,
) -> Run:
    """The run with its job, its hours and the model version that it will leave."""
    workspace = preflight.workspace
    number = next_number(workspace, "run")
    about = name or version.dataset.name
    name = fitting(Run, "name", name or _("%(data)s, run %(n)d") % {"data": about[:130], "n": number})
    model = catalog.create_tuned_version(
        actor=actor,
        workspace=workspace,
        family=base_version.family,
        task_type=version.task_type,
        origin=preflight.base,
        origin_label=preflight.base_label,
        name=_("%(data)s, model %(n)d") % {"data": about[:130], "n": number},
        parent=base_version,
        dataset_version=version,
    )
    job = jobs.enqueue(
        actor=actor,
        workspace=workspace,
        kind=RUN,
        title=Text("jobs.title_run", name=name),
        spec=_run_spec(preflight, base_version, plan, model, name=name),
        announced=announced,
    )
    run = Run.objects.create(
        workspace=workspace,
        created_by=actor,
        number=number,
        name=name,
        dataset_version=version,
        preflight=preflight,
        base_version=base_version,
        model_version=model,
        recipe=plan.recipe.model_dump(mode="json"),
        job=job,
        planned_steps=plan.steps,
        continues=plan.continues,
    )
    accelerator_quota.promise(job, source=run, seconds=plan.seconds)
    return run


def require_rows(job: Job) -> None:
    """A run or pre-flight that ended is asked for again. Raises UserError when the rows that it reads were deleted."""
    read_by = Q(runs__job=job) | Q(preflights__job=job)
    for version in DatasetVersion.objects.filter(read_by).distinct():
        datasets.hold_version(version)


def require_room_again(job: Job) -> None:
    """A run that ended is asked for again: it needs a place as a new one does, and hours for what is left of it.

    Raises OverQuota.
    """
    usage.require_one_more(job.workspace, UsageKind.RUNS)
    for run in Run.objects.select_related("preflight", "continues__job").filter(job=job):
        if not job.checkpoint_key and run.continues and not run.continues.job.checkpoint_key:
            raise UserError(_("The checkpoint of the continued run no longer exists. Train again instead."))
        whole = PreflightResult.model_validate(run.preflight.result)
        done = (job.checkpoint_step or 0) / max(1, whole.steps) if job.checkpoint_key else 0.0
        accelerator_quota.promise(job, source=run, seconds=whole.seconds * max(0.0, 1 - done))


def active_runs(workspace: Workspace) -> int:
    """How many runs wait or are at work: what the limit on runs counts."""
    return Run.objects.in_workspace(workspace).filter(job__state__in=ACTIVE).count()


def require_startable(preflight: Preflight) -> ModelVersion:
    """Return the base, whose files are there. Raises UserError in the words of what stands in the way."""
    base_version = preflight.base_version
    if preflight.result is None or base_version is None:
        raise UserError(_("The pre-flight has not finished yet."))
    if not base_version.is_ready:
        raise UserError(
            _(
                "The files of the base model were deleted. Go back to the three questions, then press “Review run” again."
            )
        )
    if preflight.blocks:
        raise UserError(" ".join(translated(finding["message"]) for finding in preflight.blocks))
    return base_version


def _run_spec(
    preflight: Preflight, base: ModelVersion, plan: RunPlan, model: ModelVersion, *, name: str
) -> RunSpec:
    version, earlier = preflight.dataset_version, plan.continues
    begins_with = {"checkpoint": earlier.job.checkpoint_key} if earlier else {}
    return RunSpec(
        inputs={"data": version.storage_key, "base": base.storage_key, **begins_with},
        output=model.storage_key,
        task_type=version.task_type,
        base=VersionBase(family=Family(base.family)),
        recipe=plan.recipe,
        labels=version.labels,
        lineage={
            "dataset": str(version),
            "dataset_sha256": (version.result or {}).get("sha256", ""),
            "base": preflight.base_label,
            "recipe": fingerprint(plan.recipe.model_dump(mode="json"))[:16],
            "started": timezone.now().isoformat(timespec="seconds"),
            **({"continues": earlier.name} if earlier else {}),
        },
        continues=str(earlier.job_id) if earlier else "",
        threads=settings.RUN_THREADS or None,
        name=name,
        key=model.pk.hex,
    )


def take_run(job: Job) -> None:
    """Keep the run's result; its model version is ready from now on."""
    run = Run.objects.select_for_update().get(job=job)
    result = RunResult.model_validate(job.result)
    if job.stopped_for and result.stopped == "user":
        # Its process was only asked to end; why, the job knows.
        result = result.ended_by(cast("RunEnding", job.stopped_for))
    run.result = result.model_dump(mode="json")
    run.save(update_fields=["result"])
    catalog.record_files(version=run.model_version)


@transaction.atomic
def rename_run(*, actor: User, run: Run, name: str) -> None:
    """Rename a run. The model that it leaves has a name of its own."""
    access.require(actor, run.workspace, Action.EDIT)
    if not name.strip():
        raise UserError(_("Enter a name for the run."), field="name")
    before, run.name = run.name, fitting(Run, "name", name.strip())
    run.save(update_fields=["name"])
    audit.record(actor, "run.renamed", run, before=before)
