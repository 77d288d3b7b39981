"""Every write to pre-flights and runs."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog.local_models import hold_files
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
from apps.training.bases import BaseChoice, require_fitting
from apps.training.models import Preflight, Run
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind, Workspace
from apps.workspaces.numbering import next_number
from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PREFLIGHT, PreflightResult, PreflightSpec
from workers.contracts.job_kinds.run import RUN, RunResult, RunSpec
from workers.contracts.recipes import Base, Length, Recipe, VersionBase
from workers.contracts.texts import Text
from workers.contracts.verdicts import RunEnding

ANSWER_MINUTES = 5
"""How long the times of a pre-flight hold: the machine may have been busy then and idle now."""

_base_adapter: TypeAdapter[Base] = TypeAdapter(Base)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def request_preflight(
    *, actor: User, dataset_version: DatasetVersion, base: BaseChoice, length: Length, recipe: Recipe
) -> Preflight:
    """Ask what a run would do. The same question, asked again within ANSWER_MINUTES, is answered by the pre-flight that
    is there, unless that one found something in the way: memory or disk may be free by now.

    `recipe` holds what the person set; None everywhere else. Raises UserError when the data is not ready.
    """
    workspace = dataset_version.workspace
    access.require(actor, workspace, Action.EDIT)
    dataset_version = datasets.hold_version(dataset_version)
    if not dataset_version.is_ready:
        raise UserError(_("This data version is not ready yet."), field="data")
    if not dataset_version.is_trainable:
        raise UserError(
            _(
                "This data version is for testing only and has no training rows. Choose data with training rows."
            ),
            field="data",
        )
    require_fitting(recipe, base, dataset_version)
    recipe = base.with_usual_method(recipe)
    changed = recipe.model_dump(mode="json", exclude_defaults=True)
    digest = _hash(str(dataset_version.pk), base.value, length.value, changed)
    earlier = Preflight.objects.in_workspace(workspace).filter(request_hash=digest).select_related("job")
    for preflight in earlier.select_related("base_version"):
        base_is_there = preflight.base_version is not None and preflight.base_version.is_ready
        is_answer = preflight.result and base_is_there and not preflight.blocks and not is_stale(preflight)
        if preflight.job.is_active or is_answer:
            return preflight
    preflight = Preflight(
        workspace=workspace,
        created_by=actor,
        dataset_version=dataset_version,
        base=base.base.model_dump(mode="json"),
        base_label=base.label,
        base_model=base.base_model,
        base_version=_base_version(actor, base, dataset_version, recipe.seed),
        length=length.value,
        recipe=changed,
        request_hash=digest,
    )
    preflight.job = _enqueue_preflight(actor, preflight, recipe)
    preflight.save()
    audit.record(actor, "preflight.requested", preflight)
    return preflight


def is_stale(preflight: Preflight) -> bool:
    """Whether its times were measured too long ago to answer another question with."""
    ended = preflight.job.ended_at
    return ended is None or timezone.now() - ended > timedelta(minutes=ANSWER_MINUTES)


def _base_version(actor: User, base: BaseChoice, dataset_version: DatasetVersion, seed: int) -> ModelVersion:
    """The chosen version, or one made of the base; of a version that is to become another family too."""
    held = _held_base(base)
    if held is not None and held.family == base.base.family:
        return held
    return _version_of(actor, base, dataset_version, seed, parent=held)


def _held_base(base: BaseChoice) -> ModelVersion | None:
    """The version that was chosen, whose files are there. Raises UserError when they were deleted meanwhile."""
    if base.version is None:
        return None
    held = catalog.hold_version(base.version)
    if not held.is_ready:
        raise UserError(_("The files of this model were deleted. Choose another base model."), field="base")
    return held


def _version_of(
    actor: User,
    base: BaseChoice,
    dataset_version: DatasetVersion,
    seed: int,
    parent: ModelVersion | None = None,
) -> ModelVersion:
    """The version that an earlier pre-flight made of the same base, so that all runs from it share their beginning;
    else a new one, whose files this pre-flight will leave."""
    is_starter = base.base.kind == "starter"
    origin = base.base.model_dump(mode="json")
    if is_starter and seed != Recipe.model_fields["seed"].default:
        # Its random weights are drawn by the seed.
        origin["seed"] = seed
    if parent is not None:
        origin["version"] = str(parent.pk)
    found = ModelVersion.objects.in_workspace(dataset_version.workspace).current()
    found = found.filter(kind=ModelVersion.Kind.BASE, origin=origin)
    if is_starter:
        # A starter's tokenizer was trained on its data: another dataset needs another starter.
        found = found.filter(dataset_version=dataset_version)
    known: ModelVersion | None = found.filter(task_type=dataset_version.task_type).first()
    if known is not None and (held := catalog.hold_version(known)).files_deleted_at is None:
        return held
    return catalog.create_base_version(
        actor=actor,
        workspace=dataset_version.workspace,
        family=base.base.family,
        task_type=dataset_version.task_type,
        origin=origin,
        origin_label=base.label,
        name=_name_of_base(base, dataset_version),
        dataset_version=dataset_version if is_starter else None,
        parent=parent,
    )


def _name_of_base(base: BaseChoice, dataset_version: DatasetVersion) -> str:
    """A name that tells the version from the model that it was made of, and a starter from those of other data."""
    if base.base.kind == "starter":
        return f"{base.label} ({dataset_version.dataset.name})"
    source = base.version or base.base_model
    if source is None or source.family == base.base.family:
        return base.label
    return _("%(model)s, with a classification head") % {"model": base.label[:100]}


def _enqueue_preflight(actor: User, preflight: Preflight, recipe: Recipe) -> Job:
    version, base_version = preflight.dataset_version, preflight.base_version
    if base_version is None:
        raise UserError(_("The base model no longer exists. Choose another one."), field="base")
    inputs = {"data": version.storage_key}
    begun_with = base_version if base_version.is_ready else base_version.parent
    if begun_with is not None:
        inputs["base"] = begun_with.storage_key
    elif preflight.base_model is not None and preflight.base_model.is_upload:
        inputs["files"] = hold_files(preflight.base_model)
    spec = PreflightSpec(
        inputs=inputs,
        output=None if base_version.is_ready else base_version.storage_key,
        task_type=version.task_type,
        base=VersionBase(family=Family(base_version.family))
        if base_version.is_ready
        else _base_adapter.validate_python(preflight.base),
        length=Length(preflight.length),
        recipe=recipe,
        labels=version.labels,
        model_roots=settings.MODEL_ROOTS,
    )
    return jobs.enqueue(
        actor=actor,
        workspace=preflight.workspace,
        kind=PREFLIGHT,
        title=Text("jobs.title_preflight", what=preflight),
        spec=spec,
    )


def take_preflight(job: Job) -> None:
    """Keep what the pre-flight found; the model folder that it left is the base version of the runs to come."""
    preflight = Preflight.objects.select_for_update().get(job=job)
    preflight.result = job.result
    preflight.save(update_fields=["result"])
    if preflight.base_version and not preflight.base_version.is_ready:
        catalog.record_files(version=preflight.base_version)


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
            "recipe": _hash(plan.recipe.model_dump(mode="json"))[:16],
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
