"""The trials of a sweep as the search and pages see them: values, states, and their figures by validation round."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.jobs.models import JobEvent
from apps.jobs.states import WAITING, State
from apps.training.models import Sweep, Trial
from apps.training.querysets import counted_points
from apps.training.services import RunPlan
from apps.training.sweeps.search import PastTrial, Search
from apps.training.sweeps.space import stored_space
from workers.contracts.job_kinds.preflight import PreflightResult
from workers.contracts.recipes import Recipe


def trials_of(sweep: Sweep) -> list[Trial]:
    """Return the trials in their order, with their runs, jobs and models."""
    found = list(sweep.trials.select_related("run__job", "run__model_version").order_by("number"))
    for trial in found:
        trial.sweep = sweep
    return found


def best_of(trials: Sequence[Trial], *, maximizes: bool) -> Trial | None:
    """Return the complete trial with the best value; of equal ones the first."""
    complete = [trial for trial in trials if trial.is_complete]
    sign = -1 if maximizes else 1
    return min(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)


def search_of(sweep: Sweep) -> Search:
    return Search(stored_space(sweep.space), sweep.maximizes, sweep.seed)


def past_trials(sweep: Sweep, trials: Sequence[Trial]) -> list[PastTrial]:
    """What the search knows of the trials that have ended."""
    ended = [trial for trial in trials if trial.run.job.is_ended]
    rounds = rounds_of([trial.run.job_id for trial in ended], sweep.metric)
    return [
        PastTrial(trial.values, _state_of(trial), trial.value, rounds.get(trial.run.job_id, []))
        for trial in ended
    ]


def _state_of(trial: Trial) -> Any:
    if trial.is_complete:
        return "complete"
    # Settings that diverge or do not fit into memory are bad ones; a killed worker says nothing about them.
    is_fault = trial.run.job.state in (State.ERRORED, State.LOST)
    return "failed" if is_fault else "pruned"


def rounds_of(jobs: Collection[UUID], metric: str) -> dict[UUID, list[float]]:
    """Return the values of a metric in each validation round of several runs, by job, in one query. The validation before the
    first step is none of them.
    """
    events = JobEvent.objects.filter(
        job__in=jobs, kind="metric", step__gt=0, data__values__has_key=metric
    ).order_by("job", "seq")
    found = {}
    for job, rows in groupby(events.values_list("job", "attempt", "data"), key=itemgetter(0)):
        points = counted_points((attempt, data) for _job, attempt, data in rows)
        found[job] = [values[metric] for _step, _epoch, values in points]
    return found


def trained_seconds(trials: Sequence[Trial]) -> float:
    """How long the trials have trained together, without the time that they wait or are paused."""
    return sum(_seconds(trial) for trial in trials)


def _seconds(trial: Trial) -> float:
    job, result = trial.run.job, trial.run.result or {}
    if "seconds" in result:
        return float(result["seconds"])
    if job.attempt_started_at is None or job.state in WAITING:
        return 0.0
    return ((job.ended_at or timezone.now()) - job.attempt_started_at).total_seconds()


def trial_plan(plan: PreflightResult, values: dict[str, Any]) -> RunPlan:
    """The run with these values in place of those of the training plan. Its steps and seconds are estimates."""
    before = plan.recipe
    recipe = Recipe.model_validate({**before.model_dump(), **values})
    longer = (recipe.epochs or 1.0) / (before.epochs or 1.0)
    larger = (recipe.batch_rows or 1) / (before.batch_rows or 1)
    steps = max(1, round(plan.steps * longer / larger))
    if recipe.max_steps:
        steps = min(steps, recipe.max_steps)
    seconds = (plan.whole_seconds or plan.seconds) * steps * larger / max(1, plan.steps)
    if recipe.max_minutes:
        seconds = min(seconds, recipe.max_minutes * 60)
    return RunPlan(recipe, steps, seconds)
