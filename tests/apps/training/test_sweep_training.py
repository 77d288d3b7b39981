"""Sweeps with real child processes: the same seed gives the same trials, and killed, pruned and stopped trials end well."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.models import DatasetVersion
from apps.jobs import services as jobs
from apps.jobs.models import Job, JobEvent
from apps.jobs.runner.supervisor import supervise
from apps.training import services
from apps.training.bases import choices_for
from apps.training.models import Preflight, Run, Sweep, SweepEnding, Trial
from apps.training.sweeps.advancing import advance
from apps.training.sweeps.services import Budget, start_sweep, stop_sweep
from apps.training.sweeps.trials import best_of, trials_of
from tests.apps.jobs.runner.supervising import in_background, wait_until
from workers.contracts.events import Metric
from workers.contracts.recipes import Length, Recipe

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.training]

SPACE: dict[str, Any] = {
    "learning_rate": {"low": 0.0001, "high": 0.01},
    "schedule": {"values": ["cosine", "constant"]},
}
ENDLESS = 1000.0


@pytest.fixture
def make_plan(owner: User, make_data: Callable[..., DatasetVersion]) -> Callable[..., Preflight]:
    """A pre-flight of a tiny classifier, done by a real child."""

    def make(**recipe: Any) -> Preflight:
        data = make_data(rows=200)
        base = next(c for c in choices_for(owner, data) if c.value == "starter:classifier:tiny")
        plan = services.request_preflight(
            actor=owner,
            dataset_version=data,
            base=base,
            length=Length.QUICK,
            recipe=Recipe(sample_rows=0, early_stopping_rounds=0, **recipe),
        )
        supervise(str(plan.job_id))
        found = Preflight.objects.get(pk=plan.pk)
        assert found.result, found.job.error_message
        return found

    return make


def begun(owner: User, plan: Preflight, **asked: Any) -> Sweep:
    values: dict[str, Any] = {"budget": Budget(trials=3), "metric": "validation_loss"} | asked
    return start_sweep(actor=owner, preflight=plan, space=SPACE, **values)


def next_trial(sweep: Sweep) -> Trial:
    advance(sweep.pk)
    return Trial.objects.filter(sweep=sweep).order_by("number").select_related("run__job").last()


def rounds_reported(trial: Trial) -> int:
    return JobEvent.objects.filter(
        job=trial.run.job_id, kind="metric", step__gt=0, data__values__has_key="validation_loss"
    ).count()


def pretend_complete(trial: Trial, loss: float) -> None:
    """End a trial that no child worked on, with ten good validation rounds."""
    claimed = jobs.claim(job_id=str(trial.run.job_id), worker="test")
    assert claimed is not None
    jobs.record_events(claimed, [Metric(step=n, values={"validation_loss": loss}) for n in range(1, 11)])
    with transaction.atomic():
        Run.objects.filter(pk=trial.run_id).update(result={"stopped": "finished", "validation_loss": loss})
        Job.objects.filter(pk=claimed.pk).update(state="succeeded", ended_at=timezone.now())


def child_of(trial: Trial) -> psutil.Process | None:
    for child in psutil.Process().children(recursive=True):
        if str(trial.run.job_id) in " ".join(child.cmdline()):
            return child
    return None


def test_the_same_seed_leads_to_the_same_trials_and_results(owner, make_plan) -> None:
    plan = make_plan(epochs=2.0)
    seen = []
    for _ in range(2):
        sweep = begun(owner, plan)
        for _number in range(3):
            supervise(str(next_trial(sweep).run.job_id))
        advance(sweep.pk)
        found = Sweep.objects.get(pk=sweep.pk)
        assert found.ending == SweepEnding.TRIALS
        trials = trials_of(found)
        assert all(trial.is_complete and trial.run.model_version.is_ready for trial in trials)
        assert best_of(trials, maximizes=False) in trials
        seen.append([(trial.values, trial.value) for trial in trials])
    assert seen[0] == seen[1]
    assert len({str(values) for values, _value in seen[0]}) == 3


def test_a_bad_trial_is_pruned_and_a_killed_one_goes_on(owner, make_plan) -> None:
    plan = make_plan(epochs=ENDLESS, validation_rounds=1000)
    sweep = begun(owner, plan, budget=Budget(trials=5))
    for loss in (0.01, 0.02, 0.03):
        pretend_complete(next_trial(sweep), loss)

    bad = next_trial(sweep)
    working = in_background(bad.run.job)
    wait_until(lambda: child_of(bad) and Job.objects.get(pk=bad.run.job_id).checkpoint_key)
    child_of(bad).send_signal(signal.SIGKILL)
    working.join()
    killed = Job.objects.get(pk=bad.run.job_id)
    assert (killed.state, killed.resumes) == ("queued", 1)
    advance(sweep.pk)
    assert sweep.trials.count() == 4, "the killed trial goes on, and no other begins"

    working = in_background(killed)
    _advance_until_stopped(sweep, bad, working)
    pruned = Trial.objects.select_related("run__job", "run__model_version", "sweep").get(pk=bad.pk)
    assert pruned.is_pruned
    assert pruned.run.result["stopped"] == "pruned"
    assert pruned.run.model_version.is_ready, "what it has learned is kept"
    assert not pruned.is_complete
    assert next_trial(sweep).number == 5


def _advance_until_stopped(sweep: Sweep, trial: Trial, working: threading.Thread) -> None:
    def is_stopped() -> bool:
        advance(sweep.pk)
        return Job.objects.get(pk=trial.run.job_id).stop_requested_at is not None

    wait_until(is_stopped)
    working.join()


def test_a_stopped_sweep_stops_the_child_which_keeps_its_best(owner, make_plan) -> None:
    plan = make_plan(epochs=ENDLESS, validation_rounds=1000)
    sweep = begun(owner, plan)
    trial = next_trial(sweep)
    working = in_background(trial.run.job)
    wait_until(lambda: rounds_reported(trial) >= 2)
    stop_sweep(actor=owner, sweep=sweep)
    working.join()
    stopped = Run.objects.select_related("job", "model_version").get(pk=trial.run_id)
    assert stopped.job.state == "succeeded"
    assert stopped.result["stopped"] == "user"
    assert stopped.model_version.is_ready
    advance(sweep.pk)
    found = Sweep.objects.get(pk=sweep.pk)
    assert (found.ending, found.trials.count()) == (SweepEnding.STOPPED, 1)
