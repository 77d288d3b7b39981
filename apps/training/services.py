"""Every write to pre-flights and runs."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.datasets.models import DatasetVersion
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.training.bases import BaseChoice
from apps.training.models import Preflight, Run
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from apps.workspaces.services import next_number
from workers.contracts.jobs import JobKind
from workers.contracts.recipes import Base, Length, Recipe, VersionBase
from workers.contracts.specs import PreflightResult, PreflightSpec, RunResult, RunSpec
from workers.contracts.task_types import Family, TaskType

_base_adapter: TypeAdapter[Base] = TypeAdapter(Base)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def request_preflight(
    *, actor: User, dataset_version: DatasetVersion, base: BaseChoice, length: Length, recipe: Recipe
) -> Preflight:
    """Ask what a run would do. The same question, asked again, is answered by the pre-flight that is there.

    `recipe` holds what the person set; None everywhere else. Raises UserError when the data is not ready.
    """
    workspace = dataset_version.workspace
    access.require(actor, workspace, Action.EDIT)
    if not dataset_version.is_ready:
        raise UserError(_("This data version is not ready yet."), field="data")
    changed = recipe.model_dump(mode="json", exclude_defaults=True)
    digest = _hash(str(dataset_version.pk), base.identity, length.value, changed)
    earlier = Preflight.objects.in_workspace(workspace).filter(request_hash=digest).select_related("job")
    for preflight in earlier:
        if preflight.job.is_active or preflight.result:
            return preflight
    preflight = Preflight(
        workspace=workspace,
        created_by=actor,
        dataset_version=dataset_version,
        base=base.base.model_dump(mode="json"),
        base_label=base.label,
        base_model=base.base_model,
        base_version=base.version or _version_of(base, dataset_version),
        length=length.value,
        recipe=changed,
        request_hash=digest,
    )
    preflight.job = _enqueue_preflight(actor, preflight, recipe)
    preflight.save()
    audit.record(actor, "preflight.requested", preflight)
    return preflight


def _version_of(base: BaseChoice, dataset_version: DatasetVersion) -> ModelVersion | None:
    """The version that an earlier pre-flight made of the same base, so that all runs from it share their beginning."""
    found = ModelVersion.objects.in_workspace(dataset_version.workspace).current()
    found = found.filter(kind=ModelVersion.Kind.BASE, origin=base.base.model_dump(mode="json"))
    if base.base.kind == "starter":
        # A starter's tokenizer was trained on its data: another dataset needs another starter.
        found = found.filter(dataset_version=dataset_version)
    return found.filter(task_type=dataset_version.task_type).first()


def _enqueue_preflight(actor: User, preflight: Preflight, recipe: Recipe) -> Job:
    version = preflight.dataset_version
    inputs = {"data": version.storage_key}
    base = _base_adapter.validate_python(preflight.base)
    output = None
    if preflight.base_version:
        inputs["base"] = preflight.base_version.storage_key
        base = VersionBase(family=Family(preflight.base_version.family))
    else:
        output = f"models/{preflight.pk}"
    spec = PreflightSpec(
        inputs=inputs,
        output=output,
        task_type=TaskType(version.task_type),
        base=base,
        length=Length(preflight.length),
        recipe=recipe,
        labels=version.labels,
        model_roots=_model_roots(),
    )
    return jobs.enqueue(
        actor=actor,
        workspace=preflight.workspace,
        kind=JobKind.PREFLIGHT,
        title=_("Pre-flight: %(what)s") % {"what": preflight},
        spec=spec,
    )


def _model_roots() -> list[str]:
    from django.conf import settings

    return list(settings.MODEL_ROOTS)


def take_preflight(job: Job) -> None:
    """Keep what the pre-flight found; the model folder that it left becomes the base version of the runs to come."""
    preflight = Preflight.objects.select_for_update().get(job=job)
    result = PreflightResult.model_validate(job.result)
    preflight.result = job.result
    if preflight.base_version is None:
        preflight.base_version = _create_base_version(preflight, result)
    preflight.save()


def _create_base_version(preflight: Preflight, result: PreflightResult) -> ModelVersion:
    from apps.core.storage import storage

    key = preflight.job.spec["output"]
    number = next_number(preflight.workspace, "model")
    version = preflight.dataset_version
    is_starter = preflight.base["kind"] == "starter"
    return ModelVersion.objects.create(
        workspace=preflight.workspace,
        created_by=preflight.created_by,
        number=number,
        name=f"{preflight.base_label} ({version.dataset.name})" if is_starter else preflight.base_label,
        kind=ModelVersion.Kind.BASE,
        family=preflight.base["family"],
        task_type=version.task_type,
        origin=preflight.base,
        origin_label=preflight.base_label,
        dataset_version=version if is_starter else None,
        storage_key=key,
        bytes=max(1, storage().size(key)),
        parameters=result.parameters,
        context_length=result.context_length,
        labels=version.labels,
    )


@transaction.atomic
def start_run(*, actor: User, preflight: Preflight, name: str = "", again_of: Run | None = None) -> Run:
    """Start the run that the pre-flight described. Raises UserError when something blocks it."""
    workspace = preflight.workspace
    access.require(actor, workspace, Action.EDIT)
    if preflight.result is None or preflight.base_version is None:
        raise UserError(_("The pre-flight has not finished yet."))
    if preflight.blocks:
        raise UserError(" ".join(str(finding["message"]) for finding in preflight.blocks))
    result = PreflightResult.model_validate(preflight.result)
    version = preflight.dataset_version
    number = next_number(workspace, "run")
    run_name = name.strip() or _("%(data)s, run %(n)d") % {"data": version.dataset.name, "n": number}
    model = _create_tuned_version(actor, preflight, run_name)
    job = jobs.enqueue(
        actor=actor,
        workspace=workspace,
        kind=JobKind.RUN,
        title=_("Training: %(name)s") % {"name": run_name},
        spec=_run_spec(preflight, result, model),
    )
    run = Run.objects.create(
        workspace=workspace,
        created_by=actor,
        number=number,
        name=run_name,
        dataset_version=version,
        preflight=preflight,
        base_version=preflight.base_version,
        model_version=model,
        recipe=result.recipe.model_dump(mode="json"),
        again_of=again_of,
        job=job,
    )
    audit.record(actor, "run.started", run, data=str(version), base=preflight.base_label)
    return run


def _create_tuned_version(actor: User, preflight: Preflight, name: str) -> ModelVersion:
    base = preflight.base_version
    assert base is not None  # noqa: S101  (start_run has refused without one)
    return ModelVersion.objects.create(
        workspace=preflight.workspace,
        created_by=actor,
        number=next_number(preflight.workspace, "model"),
        name=name,
        kind=ModelVersion.Kind.TUNED,
        family=base.family,
        task_type=preflight.dataset_version.task_type,
        origin=preflight.base,
        origin_label=preflight.base_label,
        parent=base,
        dataset_version=preflight.dataset_version,
        storage_key="",
        labels=preflight.dataset_version.labels,
    )


def _run_spec(preflight: Preflight, result: PreflightResult, model: ModelVersion) -> RunSpec:
    from django.conf import settings

    base = preflight.base_version
    assert base is not None  # noqa: S101  (start_run has refused without one)
    version = preflight.dataset_version
    model.storage_key = f"models/{model.pk}"
    model.save(update_fields=["storage_key"])
    return RunSpec(
        inputs={"data": version.storage_key, "base": base.storage_key},
        output=model.storage_key,
        task_type=TaskType(version.task_type),
        base=VersionBase(family=Family(base.family)),
        recipe=result.recipe,
        labels=version.labels,
        lineage={
            "dataset": str(version),
            "dataset_sha256": (version.result or {}).get("sha256", ""),
            "base": preflight.base_label,
            "recipe": _hash(result.recipe.model_dump(mode="json"))[:16],
            "started": timezone.now().isoformat(timespec="seconds"),
        },
        threads=settings.RUN_THREADS or None,
    )


def take_run(job: Job) -> None:
    """Keep the run's result; its model version is ready from now on."""
    from apps.core.storage import storage

    run = Run.objects.select_for_update().select_related("model_version", "base_version").get(job=job)
    result = RunResult.model_validate(job.result)
    run.result = job.result
    run.save(update_fields=["result"])
    model = run.model_version
    model.bytes = max(1, storage().size(model.storage_key))
    model.parameters = result.parameters
    model.context_length = run.base_version.context_length
    model.precision = result.recipe.precision.value
    model.save()


@transaction.atomic
def rename_run(*, actor: User, run: Run, name: str) -> None:
    """Rename a run and the model that it leaves."""
    access.require(actor, run.workspace, Action.EDIT)
    if not name.strip():
        raise UserError(_("A run needs a name."), field="name")
    before, run.name = run.name, name.strip()[:150]
    run.save(update_fields=["name"])
    ModelVersion.objects.filter(pk=run.model_version_id).update(name=run.name)
    audit.record(actor, "run.renamed", run, before=before)
