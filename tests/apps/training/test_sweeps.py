"""A sweep starts one trial after the other, prunes, keeps to its budget, and says why it ended."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.catalog.models import ModelVersion
from apps.core.encryption import seal, unseal
from apps.core.errors import NotVisible, UserError
from apps.datasets.services import delete_dataset
from apps.jobs import stopping
from apps.jobs.models import Job, NotificationSettings, WaitingWebhook
from apps.training import services as training
from apps.training.models import Run, Sweep, SweepEnding
from apps.training.sweeps.advancing import advance, advance_all
from apps.training.sweeps.services import Budget, keep_best, start_sweep, stop_sweep
from apps.training.sweeps.trials import best_of, trials_of
from apps.workspaces.models import AuditEntry, Membership, Quota
from tests.apps.training.sweeping import SPACE, begin, end_trial, make_sweep, next_trial, plan

__all__ = ["end_trial", "make_sweep", "plan"]
pytestmark = [pytest.mark.django_db, pytest.mark.once]


def ended(sweep: Sweep) -> Sweep:
    advance(sweep.pk)
    found = Sweep.objects.get(pk=sweep.pk)
    assert not found.is_active
    return found


def test_it_runs_its_trials_and_ends(
    make_sweep, end_trial, sent_tasks, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sweep = make_sweep(trials=3)
    assert ("training.advance_sweep", str(sweep.pk), "upkeep") in sent_tasks
    losses = iter((0.5, 0.2, 0.4))
    for number in (1, 2, 3):
        trial = next_trial(sweep)
        advance(sweep.pk)
        assert sweep.trials.count() == number, "one at a time"
        sent_tasks.clear()
        with django_capture_on_commit_callbacks(execute=True):
            end_trial(trial, next(losses))
        assert ("training.advance_sweep", str(sweep.pk), "upkeep") in sent_tasks
    found = ended(sweep)
    assert found.ending == SweepEnding.TRIALS
    assert best_of(trials_of(found), maximizes=False).number == 2
    actions = AuditEntry.objects.order_by("at").values_list("action", flat=True)
    assert [a for a in actions if a.startswith(("sweep", "run.started"))] == [
        "sweep.started", *["run.started"] * 3, "sweep.ended",
    ]  # fmt: skip


def test_the_first_trial_has_the_settings_of_the_plan_and_others_differ(make_sweep, end_trial) -> None:
    sweep = make_sweep(
        space={**SPACE, "batch_rows": {"low": 4, "high": 64}, "schedule": {"values": ["linear", "cosine"]}}
    )
    first = next_trial(sweep)
    assert first.values == {"learning_rate": 0.001, "batch_rows": 16, "schedule": "cosine"}
    end_trial(first, 0.5)
    second = next_trial(sweep)
    assert second.values != first.values
    assert 0.0001 <= second.values["learning_rate"] <= 0.01
    assert second.values["batch_rows"] in range(4, 65)
    assert second.run.recipe["learning_rate"] == second.values["learning_rate"]
    assert second.run.job.spec["recipe"]["batch_rows"] == second.values["batch_rows"]
    steps = round(9 * 16 / second.values["batch_rows"])
    assert second.run.planned_steps == steps


def test_the_same_results_lead_to_the_same_trials(make_sweep, end_trial, plan) -> None:
    asked = []
    for _ in range(2):
        sweep = make_sweep(trials=8)
        values = []
        for _number in range(8):
            trial = next_trial(sweep)
            values.append(trial.values["learning_rate"])
            end_trial(trial, abs(trial.values["learning_rate"] - 0.002))
        ended(sweep)
        asked.append(values)
    assert asked[0] == asked[1]
    assert len(set(asked[0])) == 8


def test_a_trial_that_is_worse_than_the_median_is_pruned(make_sweep, end_trial) -> None:
    sweep = make_sweep(trials=5)
    for loss in (0.5, 0.4, 0.3):
        trial = next_trial(sweep)
        begin_and_end(trial, loss)
    bad = next_trial(sweep)
    claimed = begin(bad, [2.0])
    advance(sweep.pk)
    assert Job.objects.get(pk=claimed.pk).stop_requested_at is None, "too early to tell"
    _report(claimed, 2, 2.0)
    advance_all()
    stopped = Job.objects.get(pk=claimed.pk)
    assert (stopped.state, stopped.stopped_for) == ("stopping", "pruned")
    assert AuditEntry.objects.get(action="job.stopped").changes["reason"] == "pruned"


def test_a_trial_that_is_better_goes_on_and_without_pruning_every_one(make_sweep, end_trial) -> None:
    for prunes, loss in ((True, 0.01), (False, 5.0)):
        sweep = make_sweep(prunes=prunes)
        for value in (0.5, 0.4, 0.3):
            begin_and_end(next_trial(sweep), value)
        claimed = begin(next_trial(sweep), [loss, loss, loss])
        advance(sweep.pk)
        assert Job.objects.get(pk=claimed.pk).stop_requested_at is None
        Job.objects.filter(pk=claimed.pk).update(state="cancelled")
        ended(sweep)


def begin_and_end(trial, loss: float) -> None:
    """Rounds that end with the loss, so that others are compared with them."""
    claimed = begin(trial, [loss + 0.2, loss + 0.1, loss])
    result = dict(stopped="finished", validation_loss=loss)
    Run.objects.filter(pk=trial.run_id).update(result=result)
    Job.objects.filter(pk=claimed.pk).update(state="succeeded", ended_at=timezone.now())


def _report(claimed: Job, step: int, loss: float) -> None:
    from apps.jobs import services as jobs
    from workers.contracts.events import Metric

    assert jobs.record_events(claimed, [Metric(step=step, values={"validation_loss": loss})])


def test_the_result_of_a_pruned_trial_says_so_and_is_not_the_best(make_sweep, end_trial) -> None:
    sweep = make_sweep(trials=2)
    end_trial(next_trial(sweep), 0.5)
    bad = next_trial(sweep)
    Job.objects.filter(pk=bad.run.job_id).update(stopped_for="pruned")
    end_trial(bad, 0.1, stopped="user")
    found = ended(sweep)
    trials = trials_of(found)
    assert trials[1].run.result["stopped"] == "pruned"
    assert best_of(trials, maximizes=False) == trials[0]


def test_the_time_budget_stops_the_trial_and_ends_the_sweep(make_sweep, end_trial) -> None:
    sweep = make_sweep(trials=None, minutes=2)
    trial = next_trial(sweep)
    claimed = begin(trial)
    advance(sweep.pk)
    assert Job.objects.get(pk=claimed.pk).stop_requested_at is None
    Job.objects.filter(pk=claimed.pk).update(attempt_started_at=timezone.now() - timedelta(minutes=3))
    advance(sweep.pk)
    assert Job.objects.get(pk=claimed.pk).stopped_for == "budget"
    Job.objects.filter(pk=claimed.pk).update(state="cancelled", ended_at=timezone.now())
    assert ended(sweep).ending == SweepEnding.MINUTES


def test_failures_in_a_row_end_it_and_single_ones_do_not(make_sweep, end_trial) -> None:
    sweep = make_sweep(trials=9)
    for loss in (None, None, 0.4, None, None, None):
        end_trial(next_trial(sweep), loss)
    assert ended(sweep).ending == SweepEnding.FAILURES


def test_a_lost_worker_and_a_cancelled_trial_do_not_end_it(make_sweep, owner) -> None:
    sweep = make_sweep(trials=3)
    first = next_trial(sweep)
    stopping.request_stop(actor=owner, job=first.run.job)
    second = next_trial(sweep)
    Job.objects.filter(pk=second.run.job_id).update(state="lost", ended_at=timezone.now())
    assert next_trial(sweep).number == 3


def test_a_stop_ends_the_trial_too(make_sweep, owner) -> None:
    sweep = make_sweep()
    waiting = next_trial(sweep)
    stop_sweep(actor=owner, sweep=sweep)
    assert Job.objects.get(pk=waiting.run.job_id).state == "cancelled"
    found = Sweep.objects.get(pk=sweep.pk)
    assert found.ending == SweepEnding.STOPPED
    stop_sweep(actor=owner, sweep=sweep)
    advance(sweep.pk)
    assert found.trials.count() == 1
    assert AuditEntry.objects.filter(action="sweep.ended", actor=owner).count() == 1


def test_used_up_hours_end_it_with_the_reason(make_sweep, end_trial, workspace) -> None:
    sweep = make_sweep()
    Quota.objects.update_or_create(workspace=workspace, defaults={"accelerator_hours": 0})
    found = ended(sweep)
    assert found.ending == SweepEnding.REFUSED
    assert "training hours" in str(found.ending_detail)
    assert Run.objects.count() == 0


def test_hours_that_end_a_trial_end_the_sweep(make_sweep, end_trial) -> None:
    sweep = make_sweep()
    trial = next_trial(sweep)
    Job.objects.filter(pk=trial.run.job_id).update(stopped_for="hours")
    end_trial(trial, 0.5, stopped="user")
    assert ended(sweep).ending == SweepEnding.HOURS


def test_it_waits_while_other_runs_take_the_place(make_sweep, make_run, workspace, owner) -> None:
    sweep = make_sweep()
    Quota.objects.update_or_create(workspace=workspace, defaults={"runs": 1})
    other = make_run(preflight=sweep.preflight, done=False)
    advance(sweep.pk)
    assert sweep.trials.count() == 0
    assert Sweep.objects.get(pk=sweep.pk).is_active
    stopping.request_stop(actor=owner, job=other.job)
    next_trial(sweep)


def test_a_member_who_left_and_deleted_rows_end_it(
    make_sweep, make_preflight, make_run, owner, editor
) -> None:
    preflight = make_preflight(learning_rate=0.001, epochs=2.0)
    sweep = start_sweep(actor=editor, preflight=preflight, space=SPACE, budget=Budget(trials=3))
    Membership.objects.filter(user=editor).delete()
    found = ended(sweep)
    assert found.ending == SweepEnding.REFUSED
    assert "no longer" in str(found.ending_detail)
    another = make_sweep()
    make_run(preflight=another.preflight)
    assert delete_dataset(actor=owner, dataset=another.preflight.dataset_version.dataset) is False
    assert ended(another).ending == SweepEnding.REFUSED


def test_trials_are_not_what_the_plan_has_under_way(make_sweep, plan, owner) -> None:
    sweep = make_sweep()
    trial = next_trial(sweep)
    assert make_sweep() == sweep, "pressed twice"
    assert training.start_run(actor=owner, preflight=plan) != trial.run
    assert trial.run.job.announced is False


def test_keeping_the_best_frees_the_others(make_sweep, end_trial, owner) -> None:
    sweep = make_sweep(trials=3)
    for loss in (0.5, 0.2, None):
        end_trial(next_trial(sweep), loss)
    with pytest.raises(UserError, match="not ended"):
        keep_best(actor=owner, sweep=sweep)
    found = ended(sweep)
    done = keep_best(actor=owner, sweep=found)
    assert (done.deleted, done.kept) == (1, [])
    assert done.freed > 0
    kept = ModelVersion.objects.filter(kind="tuned", bytes__gt=0)
    assert [model.run.trial.number for model in kept] == [2]
    assert AuditEntry.objects.get(action="sweep.best_kept").changes["deleted"] == 1


def test_who_may_not(make_sweep, plan, viewer, outsider) -> None:
    sweep = make_sweep()
    for user, error in ((viewer, PermissionDenied), (outsider, NotVisible)):
        with pytest.raises(error):
            start_sweep(actor=user, preflight=plan, space=SPACE, budget=Budget(trials=2))
        with pytest.raises(error):
            stop_sweep(actor=user, sweep=sweep)
        with pytest.raises(error):
            keep_best(actor=user, sweep=sweep)


@pytest.mark.parametrize(
    ("space", "field"),
    [
        ({}, "space"),
        ({"seed": {"low": 1, "high": 2}}, "space"),
        ({"lora_rank": {"low": 1, "high": 2}}, "space"),
        ({"learning_rate": {"low": 0.1, "high": 0.01}}, "space.learning_rate"),
        ({"learning_rate": {"low": 0, "high": 0.01}}, "space.learning_rate"),
        ({"learning_rate": {"low": 0.1, "high": 7}}, "space.learning_rate"),
        ({"learning_rate": {"low": "x", "high": 1}}, "space.learning_rate"),
        ({"learning_rate": {"low": float("nan"), "high": 1}}, "space.learning_rate"),
        ({"learning_rate": {"values": ["1"]}}, "space.learning_rate"),
        ({"batch_rows": {"low": 1.5, "high": 8}}, "space.batch_rows"),
        ({"schedule": {"values": ["cosine"]}}, "space.schedule"),
        ({"schedule": {"values": ["cosine", "steep"]}}, "space.schedule"),
        ({"schedule": {"low": 1, "high": 2}}, "space.schedule"),
    ],
)
def test_nonsense_is_refused_at_its_field(make_sweep, space, field) -> None:
    with pytest.raises(UserError) as refused:
        make_sweep(space=space)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"trials": None}, "trials"),
        ({"trials": 1}, "trials"),
        ({"trials": 5000}, "trials"),
        ({"minutes": -1.0}, "minutes"),
        ({"metric": "train_loss"}, "metric"),
    ],
)
def test_a_senseless_budget_or_metric_is_refused(make_sweep, asked, field) -> None:
    with pytest.raises(UserError) as refused:
        make_sweep(**asked)
    assert refused.value.field == field


def test_data_without_validation_rows_cannot_be_swept(make_sweep, plan) -> None:
    plan.result["rows"]["validation"] = 0
    plan.save()
    with pytest.raises(UserError, match="no validation rows"):
        make_sweep()


def test_its_owner_gets_one_message_at_the_end(make_sweep, end_trial, owner, settings) -> None:
    settings.EMAIL_URL, settings.SITE_URL = "smtp://mail.example.org", "https://studio.example.org"
    NotificationSettings.objects.create(
        user=owner, by_email=True, webhook_encrypted=seal("https://93.184.215.14/hook", "webhooks")
    )
    sweep = make_sweep(trials=2)
    for loss in (0.5, 0.25):
        end_trial(next_trial(sweep), loss)
    assert not mail.outbox, "none for each trial"
    ended(sweep)
    (sent,) = mail.outbox
    assert sent.subject == f"{sweep.name}: Finished"
    assert "Validation loss of the best trial: 0.2500." in sent.body
    assert f"https://studio.example.org/runs/sweeps/{sweep.pk}/" in sent.body
    (request,) = WaitingWebhook.objects.all()
    payload = json.loads(unseal(request.sealed, "webhooks"))
    assert (payload["event"], payload["sweep"]["trials"]) == ("sweep.ended", 2)
    assert payload["sweep"]["best"]["validation_loss"] == 0.25


def test_who_stops_a_sweep_gets_no_message(make_sweep, owner, settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example.org"
    NotificationSettings.objects.create(user=owner, by_email=True)
    stop_sweep(actor=owner, sweep=make_sweep())
    assert not mail.outbox


def test_neither_the_site_nor_its_pages_load_optuna() -> None:
    code = "import studio.asgi, sys; print('optuna' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
