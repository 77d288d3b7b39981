"""Training hours where they are taken: whatever runs on an accelerator promises them first, and is counted in its month."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core.storage import storage
from apps.evaluation import services as evaluation
from apps.evaluation.models import Evaluation
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.training import services as training
from apps.workspaces import usage
from apps.workspaces.models import Reservation, UsageEntry, UsageKind, UsageTotal
from apps.workspaces.usage import OverQuota
from tests.apps.workspaces.usage.test_ledger import at_once, limit, parallel
from tests.apps.workspaces.usage.test_limits_hold import at_work_for
from workers.contracts.events import Progress
from workers.contracts.job_kinds import JOB_KINDS, Queue
from workers.contracts.job_kinds.evaluation import EVALUATION
from workers.contracts.job_kinds.run import RUN

pytestmark = pytest.mark.django_db


def hours() -> tuple[int, int]:
    """Seconds used and promised this month."""
    now = UsageTotal.objects.get(kind=UsageKind.ACCELERATOR, period=usage.period_of(UsageKind.ACCELERATOR))
    return now.used, now.reserved


def begin(row: Any) -> Job:
    claimed = jobs.claim(job_id=str(row.job_id), worker="w")
    assert claimed is not None
    return claimed


def begun_ago(row: Any, seconds: float) -> Job:
    """The job, whose attempt began so long ago."""
    at = timezone.now() - timedelta(seconds=seconds)
    Job.objects.filter(pk=row.job_id).update(attempt_started_at=at)
    return Job.objects.get(pk=row.job_id)


def test_whatever_runs_on_an_accelerator_is_counted() -> None:
    """A new kind of job there needs a promise of hours, and its name here."""
    on_accelerators = {kind for kind in JOB_KINDS.values() if kind.queue == Queue.GPU}
    assert on_accelerators == {RUN, EVALUATION}


def test_an_evaluation_takes_hours_and_gives_back_what_it_did_not_need(owner, workspace, tickets) -> None:
    limit(workspace, accelerator_hours=100 / 3600)
    made = evaluation.evaluate(actor=owner, dataset_version=tickets, model_version=None)
    assert hours() == (0, 60)
    with pytest.raises(OverQuota) as refused:
        evaluation.evaluate(actor=owner, dataset_version=tickets, model_version=None, max_rows=5)
    assert refused.value.kind == UsageKind.ACCELERATOR
    assert Evaluation.objects.count() == 1
    begin(made)
    jobs.end_cancelled(begun_ago(made, 30))
    used, reserved = hours()
    assert 30 <= used <= 32
    assert reserved == 0
    assert UsageEntry.objects.get(kind=UsageKind.ACCELERATOR).object_id == str(made.pk)
    jobs.retry(actor=owner, job=Job.objects.get(pk=made.job_id))
    assert hours() == (used, 60)


def test_an_evaluation_is_not_tried_again_without_hours(owner, workspace, tickets) -> None:
    made = evaluation.evaluate(actor=owner, dataset_version=tickets, model_version=None)
    jobs.end_cancelled(begin(made))
    limit(workspace, accelerator_hours=0.0)
    with pytest.raises(OverQuota):
        jobs.retry(actor=owner, job=Job.objects.get(pk=made.job_id))
    assert Job.objects.get(pk=made.job_id).state == "cancelled"


def test_an_evaluation_that_outgrows_the_month_is_stopped_and_says_why(
    client_for, owner, workspace, tickets
) -> None:
    limit(workspace, accelerator_hours=100 / 3600)
    made = evaluation.evaluate(actor=owner, dataset_version=tickets, model_version=None)
    claimed = begin(made)
    assert at_work_for(made, claimed, 59).stop_requested_at is None
    assert at_work_for(made, claimed, 90).stop_requested_at is None
    assert at_work_for(made, claimed, 110).stopped_for == "hours"
    page = client_for(owner).get(f"/evaluations/{made.pk}/").content.decode()
    assert "has used up its training hours for this month" in page


def test_the_form_says_when_no_hours_are_left(client_for, owner, workspace, tickets) -> None:
    limit(workspace, accelerator_hours=0.0)
    sent = {"data": str(tickets.pk), "models": ["trivial"]}
    response = client_for(owner).post("/evaluations/new/", sent)
    assert "more training hours than this workspace has left" in response.content.decode()
    assert not Evaluation.objects.exists()


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_many_evaluations_at_once_those_begin_for_which_there_are_hours(
    owner, workspace, make_data
) -> None:
    limit(workspace, accelerator_hours=3 * 60 / 3600)
    ready = [make_data() for _ in range(6)]
    begun = at_once(
        lambda n: evaluation.evaluate(actor=owner, dataset_version=ready[n], model_version=None), len(ready)
    )
    assert begun == 3
    assert hours() == (0, 180)


def test_a_run_that_goes_on_needs_hours_for_what_is_left_of_it(owner, workspace, make_preflight) -> None:
    """Its pre-flight said 4 seconds and 9 steps."""
    run = training.start_run(actor=owner, preflight=make_preflight())
    claimed = begin(run)
    storage().write("jobs/1/checkpoint", iter([b"x"]))
    jobs.record_checkpoint(claimed, key="jobs/1/checkpoint", step=7)
    jobs.end_cancelled(claimed)
    jobs.retry(actor=owner, job=Job.objects.get(pk=run.job_id))
    assert Reservation.objects.get().amount == 1
    claimed = begin(run)
    jobs.end_cancelled(claimed)
    Job.objects.filter(pk=run.job_id).update(checkpoint_key="")
    jobs.retry(actor=owner, job=Job.objects.get(pk=run.job_id))
    assert Reservation.objects.get().amount == 4, "without its checkpoint it begins anew"


@pytest.mark.parametrize(
    ("limited", "work_left", "share", "left"),
    [
        pytest.param({"accelerator_hours": 100 / 3600}, 600, 0.20, 80, id="hours_first"),
        pytest.param({"accelerator_hours": 100 / 3600}, 30, 0.10, 30, id="work_first"),
        pytest.param({"accelerator_hours": 800.0}, 5000 * 3600, 0.10, 5000 * 3600, id="month_ends_before"),
        pytest.param({"is_unlimited": True}, 600, 0.10, 600, id="no_limit"),
    ],
)
def test_the_bar_follows_what_will_end_the_run(
    limited, work_left, share, left, client_for, owner, workspace, make_preflight
) -> None:
    limit(workspace, **limited)
    run = training.start_run(actor=owner, preflight=make_preflight())
    claimed = begin(run)
    at_work_for(run, claimed, 20)
    jobs.record_events(claimed, [Progress(phase="training the model", fraction=0.1, seconds_left=work_left)])
    job, client = Job.objects.get(pk=run.job_id), client_for(owner)
    assert job.share_done == pytest.approx(share, abs=0.03)
    assert job.seconds_until_end == pytest.approx(left, abs=3)
    shown = client.get(f"/api/v1/jobs/{job.pk}/").json()
    assert shown["seconds_left"] == pytest.approx(left, abs=3)
    assert shown["fraction"] == pytest.approx(share, abs=0.03)
    hours_first = left < work_left
    for address in (f"/runs/{run.pk}/", "/"):
        page = client.get(address).content.decode()
        assert ("left until the training hours of this workspace are used up" in page) is hours_first
        [bar] = re.findall(r'<progress[^>]* value="(\d+)"', page)
        assert int(bar) == pytest.approx(100 * share, abs=3)
    # What is saved after the stop takes its own time.
    Job.objects.filter(pk=job.pk).update(state="stopping", stop_requested_at=timezone.now())
    assert Job.objects.get(pk=job.pk).share_done == pytest.approx(0.1)


def test_the_bar_hears_of_new_hours_and_of_what_others_took(owner, workspace, make_preflight) -> None:
    limit(workspace, accelerator_hours=100 / 3600)
    run = training.start_run(actor=owner, preflight=make_preflight())
    claimed = begin(run)
    jobs.record_events(claimed, [Progress(phase="training the model", fraction=0.1, seconds_left=600)])
    assert at_work_for(run, claimed, 20).seconds_until_end == pytest.approx(80, abs=2)
    usage.reserve(
        workspace=workspace, kind=UsageKind.ACCELERATOR, amount=15, key="other", source=("run", "1")
    )
    assert at_work_for(run, claimed, 20).seconds_until_end == pytest.approx(65, abs=2)
    limit(workspace, is_unlimited=True)
    assert at_work_for(run, claimed, 20).seconds_until_end == 600
    limit(workspace, is_unlimited=False, accelerator_hours=100 / 3600)
    assert at_work_for(run, claimed, 20).is_ended_by_hours
    jobs.release(claimed)
    waiting = Job.objects.get(pk=run.job_id)
    assert (waiting.state, waiting.hours_end_at, waiting.seconds_until_end) == ("queued", None, None)


def test_hours_last_until_the_first_of_the_next_month() -> None:
    ends = timezone.localtime(usage.period_ends(UsageKind.ACCELERATOR))
    now = timezone.localtime()
    assert (ends.day, ends.hour, ends.month) == (1, 0, now.month % 12 + 1)
    assert usage.period_ends(UsageKind.STORAGE) is None


def last_month() -> UsageTotal:
    """What was this month's total until now is last month's."""
    total = UsageTotal.objects.get(kind=UsageKind.ACCELERATOR)
    total.period = (total.period - timedelta(days=1)).replace(day=1)
    total.save(update_fields=["period"])
    return total


def test_a_run_over_the_end_of_a_month_is_counted_in_both(owner, workspace, make_preflight) -> None:
    limit(workspace, accelerator_hours=1.0)
    run = training.start_run(actor=owner, preflight=make_preflight())
    claimed = begin(run)
    at_work_for(run, claimed, 1000)
    before = last_month()
    at_work_for(run, claimed, 1010)
    before.refresh_from_db()
    assert 1010 <= before.used <= 1012
    assert before.reserved == 0
    counted, (used, reserved) = before.used, hours()
    assert used == 0
    assert 1060 <= counted + reserved <= 1062, "what was promised ahead is promised in the new month"
    # 200 seconds later.
    now = timezone.now()
    Reservation.objects.update(carried_at=now - timedelta(seconds=200))
    at_work_for(run, claimed, 1210)
    used, reserved = hours()
    assert used == 0
    assert 260 <= reserved <= 262
    jobs.end_cancelled(begun_ago(run, 1210))
    used, reserved = hours()
    assert 200 <= used <= 202
    assert reserved == 0
    before.refresh_from_db()
    assert before.used == counted


def test_a_run_that_waited_over_the_end_of_a_month_is_counted_in_the_new_one(
    owner, workspace, make_preflight
) -> None:
    run = training.start_run(actor=owner, preflight=make_preflight())
    before = last_month()
    claimed = begin(run)
    at_work_for(run, claimed, 1)
    before.refresh_from_db()
    assert 1 <= before.used <= 2
    assert before.reserved == 0
    assert sum(hours()) == 4 - before.used


def test_a_new_month_without_room_stops_what_comes_from_the_old_one(owner, workspace, make_preflight) -> None:
    limit(workspace, accelerator_hours=100 / 3600)
    run = training.start_run(actor=owner, preflight=make_preflight())
    claimed = begin(run)
    last_month()
    usage.reserve(
        workspace=workspace, kind=UsageKind.ACCELERATOR, amount=99, key="other", source=("run", "1")
    )
    assert at_work_for(run, claimed, 1).stop_requested_at is None
    Reservation.objects.exclude(key="other").update(carried_at=timezone.now() - timedelta(seconds=20))
    assert at_work_for(run, claimed, 21).stopped_for == "hours"
