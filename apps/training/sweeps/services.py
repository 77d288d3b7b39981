"""What members do with sweeps: start, stop, and clean up after one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.core.errors import UserError
from apps.core.models import fitting
from apps.datasets.services import keeping as datasets
from apps.jobs import stopping
from apps.training.models import MOST_TRIALS, Preflight, Sweep, SweepEnding, SweepMetric
from apps.training.services import require_startable
from apps.training.sweeps.advancing import end_sweep, wake_worker
from apps.training.sweeps.space import checked_space
from apps.training.sweeps.trials import best_of, trials_of
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind
from apps.workspaces.numbering import next_number
from workers.contracts.job_kinds.preflight import PreflightResult

_MOST_MINUTES = 60 * 24 * 30


@dataclass(frozen=True)
class Budget:
    """When a sweep ends: after so many trials, or after so many minutes of training."""

    trials: int | None = None
    minutes: float | None = None


@transaction.atomic
def start_sweep(
    *,
    actor: User,
    preflight: Preflight,
    space: Mapping[str, Mapping[str, Any]],
    budget: Budget,
    metric: str = "",
    prunes: bool = True,
    name: str = "",
) -> Sweep:
    """Start a series of runs of this training plan that differ in the settings of `space`; a worker starts the first one.

    A sweep of the plan that is under way is returned. Raises UserError when something blocks it, OverQuota when the
    workspace has no room.
    """
    workspace = preflight.workspace
    access.require(actor, workspace, Action.EDIT)
    datasets.hold_version(preflight.dataset_version)
    # A button pressed twice: the second press waits here for the first.
    Preflight.objects.select_for_update().get(pk=preflight.pk)
    require_startable(preflight)
    under_way = preflight.sweeps.filter(ended_at=None).first()
    if under_way is not None:
        return under_way
    plan = PreflightResult.model_validate(preflight.result)
    found = checked_space(plan.recipe, space)
    _require_budget(budget)
    usage.require_one_more(workspace, UsageKind.RUNS)
    usage.require_storage(workspace)
    sweep = _create_sweep(
        actor,
        preflight,
        name.strip(),
        space={setting: domain.model_dump(mode="json") for setting, domain in found.items()},
        metric=_checked_metric(preflight, plan, metric),
        most_trials=budget.trials,
        max_minutes=budget.minutes,
        prunes=prunes,
        seed=plan.recipe.seed,
    )
    audit.record(
        actor, "sweep.started", sweep, data=str(preflight.dataset_version), base=preflight.base_label
    )
    transaction.on_commit(lambda: wake_worker(sweep.pk))
    return sweep


def _create_sweep(actor: User, preflight: Preflight, name: str, **fields: Any) -> Sweep:
    number = next_number(preflight.workspace, "sweep")
    data = preflight.dataset_version.dataset.name
    name = name or _("%(data)s, sweep %(n)d") % {"data": data[:80], "n": number}
    return Sweep.objects.create(
        workspace=preflight.workspace,
        created_by=actor,
        number=number,
        name=fitting(Sweep, "name", name),
        preflight=preflight,
        **fields,
    )


def metrics_of(preflight: Preflight) -> list[SweepMetric]:
    """What trials can be compared by, the usual one first."""
    has_labels = preflight.dataset_version.task.has_labels
    return [SweepMetric.ACCURACY, SweepMetric.LOSS] if has_labels else [SweepMetric.LOSS]


def _checked_metric(preflight: Preflight, plan: PreflightResult, metric: str) -> SweepMetric:
    if not plan.rows.get("validation"):
        raise UserError(
            _(
                "This data has no validation rows, so trials cannot be compared. Create a data version with validation rows."
            )
        )
    offered = metrics_of(preflight)
    if metric and metric not in offered:
        message = _("Choose one of these metrics: %(names)s.") % {"names": ", ".join(offered)}
        raise UserError(message, field="metric")
    return SweepMetric(metric or offered[0])


def _require_budget(budget: Budget) -> None:
    if budget.trials is None and budget.minutes is None:
        raise UserError(_("Enter a number of trials or a time budget."), field="trials")
    if budget.trials is not None and not 2 <= budget.trials <= MOST_TRIALS:
        message = _("Enter a number of trials from 2 to %(most)d.") % {"most": MOST_TRIALS}
        raise UserError(message, field="trials")
    if budget.minutes is not None and not 0 < budget.minutes <= _MOST_MINUTES:
        raise UserError(_("Enter a time budget of up to 30 days, in minutes."), field="minutes")


@transaction.atomic
def stop_sweep(*, actor: User, sweep: Sweep) -> None:
    """Start no more trials, and stop those that wait or train; what they have learned is kept."""
    access.require(actor, sweep.workspace, Action.EDIT)
    sweep = Sweep.objects.select_for_update().get(pk=sweep.pk)
    if not sweep.is_active:
        return
    end_sweep(sweep, SweepEnding.STOPPED, actor=actor)
    for trial in trials_of(sweep):
        if trial.run.job.can_stop:
            stopping.request_stop(actor=actor, job=trial.run.job)


@dataclass(frozen=True)
class CleanUp:
    """What keeping only the best model did: how many models and bytes went, and why others stayed."""

    deleted: int
    freed: int
    kept: list[str]


def keep_best(*, actor: User, sweep: Sweep) -> CleanUp:
    """Delete the files of every model of the sweep but the best. Models that something else needs stay.

    Raises UserError while the sweep is under way, or when no trial is complete.
    """
    access.require(actor, sweep.workspace, Action.EDIT)
    trials = trials_of(sweep)
    if sweep.is_active or any(trial.run.job.is_active for trial in trials):
        raise UserError(_("The sweep has not ended yet. Wait until it ends, or stop it first."))
    best = best_of(trials, maximizes=sweep.maximizes)
    if best is None:
        raise UserError(_("No trial is complete, so there is no best model to keep."))
    if not best.run.model_version.is_ready:
        raise UserError(_("The files of the best model were deleted, so the other models stay."))
    deleted, freed, kept = 0, 0, []
    for trial in trials:
        model = trial.run.model_version
        if trial == best or not model.is_ready:
            continue
        try:
            catalog.delete_version_files(actor=actor, version=model)
        except UserError as error:
            kept.append(f"{model.name}: {error.message}")
        else:
            deleted, freed = deleted + 1, freed + model.bytes
    audit.record(actor, "sweep.best_kept", sweep, model=best.run.model_version.name, deleted=deleted)
    return CleanUp(deleted, freed, kept)
