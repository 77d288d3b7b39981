"""Asking what a run would do, and keeping the answer."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog.local_models import hold_files
from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.datasets.models import DatasetVersion
from apps.datasets.services import keeping as datasets
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.training.bases import BaseChoice, require_fitting
from apps.training.models import Preflight
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PREFLIGHT, PreflightSpec
from workers.contracts.recipes import Base, Length, Recipe, VersionBase
from workers.contracts.texts import Text

ANSWER_MINUTES = 5
"""How long the times of a pre-flight hold: the machine may have been busy then and idle now."""

_base_adapter: TypeAdapter[Base] = TypeAdapter(Base)


def fingerprint(*parts: Any) -> str:
    """Return the SHA-256 of values that JSON holds, in hexadecimal."""
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
    digest = fingerprint(str(dataset_version.pk), base.value, length.value, changed)
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
