"""Continuing a run that has ended: a follow-up run that begins with its last checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.core.errors import UserError
from apps.core.models import fitting
from apps.datasets.services import keeping as datasets
from apps.jobs.states import ACTIVE
from apps.training.models import Run
from apps.training.services import RunPlan, create_run
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind
from workers.contracts.job_kinds.run import RunResult
from workers.contracts.recipes import MOST_EPOCHS, Recipe

_SPARE = 1.5
"""How many more epochs than its minutes allow are planned for a run that is to end by time."""


@dataclass(frozen=True)
class More:
    """How much longer: so many epochs, or so many minutes (of which `epochs` is None)."""

    epochs: float | None = None
    minutes: float | None = None


@transaction.atomic
def continue_run(*, actor: User, run: Run, more: More, name: str = "") -> Run:
    """Train on from where `run` ended: same weights, optimizer, order of rows and random states, for longer.

    The follow-up is a run of its own that leaves a model of its own; `run` stays as it is. The learning rate follows the
    schedule of the new length after a short warm-up. A follow-up that is under way already is returned.

    Raises UserError when the checkpoint, data or base is gone or nothing is added, OverQuota when there is no room.
    """
    access.require(actor, run.workspace, Action.EDIT)
    version = datasets.hold_version(run.dataset_version)
    run = Run.objects.select_for_update(of=("self",)).select_related("job", "preflight").get(pk=run.pk)
    base_version = catalog.hold_version(run.base_version)
    under_way = run.continued_by.filter(job__state__in=ACTIVE).first()
    if under_way is not None:
        return under_way
    if not run.can_continue:
        raise UserError(
            _("This run cannot be continued: its last checkpoint is no longer there. Train again instead.")
        )
    if not base_version.is_ready:
        raise UserError(
            _(
                "The files of the base model were deleted, so this run cannot be continued. Train again instead."
            )
        )
    plan = plan_of(run, more)
    usage.require_one_more(run.workspace, UsageKind.RUNS)
    usage.require_storage(run.workspace)
    made = create_run(
        actor,
        run.preflight,
        version,
        base_version,
        plan,
        name=name.strip() or fitting(Run, "name", _("%(run)s, continued") % {"run": run.name}),
    )
    audit.record(actor, "run.continued", made, run=run.name)
    return made


def plan_of(run: Run, more: More) -> RunPlan:
    """The recipe of the follow-up, its steps counted from the first run's beginning, and its own seconds.

    Raises UserError (epochs or minutes).
    """
    result = RunResult.model_validate(run.result)
    if bool(more.epochs) == bool(more.minutes) or (more.epochs or more.minutes or 0) <= 0:
        raise UserError(_("Enter how many more epochs or minutes to train."), field="amount")
    steps_per_epoch = result.steps / result.epochs
    begun = run.job.checkpoint_step or result.steps
    seconds_per_epoch = result.seconds / max(1e-9, result.epochs - _epochs_before(run))
    added = more.epochs or max(1.0, _SPARE * (more.minutes or 0) * 60 / max(seconds_per_epoch, 1e-6))
    limits: dict[str, Any] = {
        "epochs": begun / steps_per_epoch + added,
        "max_steps": None,
        "max_minutes": more.minutes,
    }
    if more.minutes:
        limits["epochs"] = min(limits["epochs"], MOST_EPOCHS)
    try:
        recipe = Recipe.model_validate({**result.recipe.model_dump(), **limits})
    except ValidationError as error:
        raise UserError(
            _("This is too long for one run. Enter fewer epochs or minutes."), field="amount"
        ) from error
    seconds = more.minutes * 60 if more.minutes else added * seconds_per_epoch
    return RunPlan(recipe, round((recipe.epochs or 0) * steps_per_epoch), seconds, continues=run)


def _epochs_before(run: Run) -> float:
    """Epochs that `run` itself took over from the one that it continues."""
    earlier = (run.continues.result or {}) if run.continues else {}
    return float(earlier.get("epochs", 0.0))
