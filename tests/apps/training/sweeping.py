"""A sweep whose trials end as a test says, without a child process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from apps.accounts.models import User
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.training.models import Preflight, Sweep, Trial
from apps.training.sweeps.advancing import advance
from apps.training.sweeps.services import Budget, start_sweep
from tests.apps.conftest import model_files, run_result
from workers.contracts.events import Failed, Metric
from workers.contracts.recipes import Recipe

SPACE: dict[str, Any] = {"learning_rate": {"low": 0.0001, "high": 0.01}}


@pytest.fixture
def plan(make_preflight) -> Preflight:
    """A training plan as a worker fills it in."""
    found: Preflight = make_preflight()
    return found


@pytest.fixture
def make_sweep(owner: User, plan: Preflight) -> Callable[..., Sweep]:
    """A sweep of the plan, before its first trial."""

    def make(*, trials: int | None = 4, minutes: float | None = None, **asked: Any) -> Sweep:
        values = {"space": SPACE, "metric": "validation_loss"} | asked
        budget = Budget(trials=trials, minutes=minutes)
        return start_sweep(actor=owner, preflight=plan, budget=budget, **values)

    return make


def next_trial(sweep: Sweep) -> Trial:
    """Let a worker look at the sweep, which starts a trial; return that."""
    before = sweep.trials.count()
    advance(sweep.pk)
    assert sweep.trials.count() == before + 1
    return sweep.trials.select_related("run__job").get(number=before + 1)


def begin(trial: Trial, rounds: Sequence[float] = ()) -> Job:
    """Claim the trial's job, and report the validation loss of each round."""
    claimed = jobs.claim(job_id=str(trial.run.job_id), worker="test")
    assert claimed is not None
    events = [Metric(step=0, values={"validation_loss": 9.0})]
    events += [Metric(step=n, epoch=n, values={"validation_loss": v}) for n, v in enumerate(rounds, start=1)]
    assert jobs.record_events(claimed, events)
    return claimed


@pytest.fixture
def end_trial(succeed: Callable[..., Job]) -> Callable[..., Job]:
    """End a trial with this validation loss, or let it fail."""

    def end(trial: Trial, loss: float | None, **fields: Any) -> Job:
        recipe = Recipe.model_validate(trial.run.recipe)
        if loss is None:
            jobs.fail(begin(trial), Failed(code="diverged", message="It diverged.", **fields))
            return Job.objects.get(pk=trial.run.job_id)
        result = run_result(recipe).model_copy(update={"validation_loss": loss, **fields})
        return succeed(trial.run.job, result, model_files(trial.run.dataset_version, trained=True))

    return end
