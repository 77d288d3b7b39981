"""The list of runs: figures of each row, curves, sorting and the filter by owner, with a bounded number of queries."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.training import loss_curves
from apps.training.models import Run
from apps.training.run_list import ListedRun
from tests.fixtures.page_text import html_of
from workers.contracts.events import Failed, Metric

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def record(run: Run, steps: range, *, loss: float = 2.0, smoothed: bool = True) -> Job:
    """Let the next attempt report a training and a validation loss at every step."""
    claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
    assert claimed is not None
    events = []
    for step in steps:
        values = {"train_loss": loss + 1 / step} | ({"smoothed_train_loss": loss} if smoothed else {})
        events.append(Metric(step=step, epoch=step / 10, values=values))
        events.append(Metric(step=step, epoch=step / 10, values={"validation_loss": 9.0}))
    jobs.record_events(claimed, events)
    return claimed


def listed(client: Any, **asked: str) -> list[ListedRun]:
    rows: list[ListedRun] = client.get(reverse("training:list"), asked).context["rows"]
    return rows


@pytest.mark.parametrize("steps", [1, 2, 59, 60, 61, 119, 120, 1999])
def test_a_curve_is_short_even_and_ends_with_the_newest(make_run, steps) -> None:
    run = make_run(done=False)
    record(run, range(1, steps + 1), smoothed=False)
    (curve,) = loss_curves.loss_curves([run.job_id]).values()
    assert min(steps, loss_curves.CURVE_POINTS // 2) <= len(curve) <= loss_curves.CURVE_POINTS
    assert curve[-1] == 2 + 1 / steps
    assert curve == sorted(curve, reverse=True), "in the order of the steps"


def test_the_smoothed_loss_is_preferred_and_repeated_steps_count_once(make_run) -> None:
    run = make_run(done=False)
    assert jobs.resume(record(run, range(1, 11), loss=3.0))
    record(run, range(6, 9), loss=1.0)
    assert loss_curves.loss_curves([run.job_id]) == {run.job_id: [3.0] * 5 + [1.0] * 3}


def test_curves_of_several_runs_are_read_in_one_query(make_run, django_assert_num_queries) -> None:
    first = make_run(done=False)
    jobs.end_cancelled(record(first, range(1, 101)))
    second = make_run(preflight=first.preflight, done=False)
    record(second, range(1, 4), loss=5.0)
    with django_assert_num_queries(1):
        curves = loss_curves.loss_curves([first.job_id, second.job_id])
    assert set(curves[first.job_id]) == {2.0}
    assert curves[second.job_id] == [5.0] * 3


@pytest.mark.parametrize("ending", ["fail", "cancel"])
def test_the_curve_of_an_ended_run_is_stored_and_grows_again_after_a_retry(
    make_run, owner, client_for, ending, django_assert_num_queries
) -> None:
    run = make_run(done=False)
    claimed = record(run, range(1, 6))
    assert Run.objects.get().loss_curve is None
    client = client_for(owner)
    (row,) = listed(client)
    assert row.curve == [2.0] * 5, "read from the events"
    if ending == "fail":
        jobs.fail(claimed, Failed(code="x", message="It failed."))
    else:
        jobs.end_cancelled(claimed)
    assert Run.objects.get().loss_curve == [2.0] * 5
    jobs.retry(actor=owner, job=Job.objects.get(pk=run.job_id))
    assert Run.objects.get().loss_curve is None


def test_the_migration_gives_ended_runs_of_earlier_releases_a_curve(make_run) -> None:
    run = make_run(done=False)
    assert jobs.resume(record(run, range(1, 11), loss=3.0, smoothed=False))
    jobs.end_cancelled(record(run, range(6, 9), loss=1.0, smoothed=False))
    Run.objects.update(loss_curve=None)
    import_module("apps.training.migrations.0005_loss_curve_of_runs").fill(apps, None)
    curve = Run.objects.get().loss_curve
    assert curve == [3 + 1 / step for step in range(1, 6)] + [1 + 1 / step for step in range(6, 9)]


def test_a_row_shows_metric_duration_curve_and_owner(make_run, owner, client_for) -> None:
    run = make_run()
    began = timezone.now()
    Job.objects.filter(pk=run.job_id).update(started_at=began, ended_at=began + timedelta(seconds=95))
    Run.objects.update(loss_curve=[2.5, 1.0, 0.5])
    owner.name = "Ada <b>"
    owner.save()
    html = html_of(client_for(owner).get(reverse("training:list")))
    assert "0.300" in html
    assert "1 min 35 s" in html
    assert 'aria-label="From 2.50 to 0.50"' in html
    assert "Ada &lt;b&gt;" in html
    Run.objects.update(result=run.result | {"validation_accuracy": 0.875})
    assert "87.5 %" in html_of(client_for(owner).get(reverse("training:list")))


@pytest.mark.parametrize("curve", [[], [1.0], [1.0, 1.0], [3.0, 1.0, 2.0]])
def test_the_points_of_a_curve_lie_inside_the_picture(curve) -> None:
    row = ListedRun(Run(), curve)
    places = [tuple(map(float, point.split(","))) for point in row.points.split()]
    assert len(places) == (len(curve) if len(curve) > 1 else 0)
    assert all(0 <= x <= 100 and 2 <= y <= 26 for x, y in places)


def test_runs_are_sorted_by_their_figures_and_those_without_come_last(make_run, owner, client_for) -> None:
    first = make_run(name="first")
    others = {name: make_run(name=name, preflight=first.preflight) for name in ("second", "third")}
    waiting = make_run(name="waiting", preflight=first.preflight, done=False)
    figures = {
        "first": {"validation_loss": 0.5, "validation_accuracy": None},
        "second": {"validation_loss": 10.0, "validation_accuracy": 0.9},
        "third": {"validation_loss": None, "validation_accuracy": 0.95},
    }
    for (name, values), seconds in zip(figures.items(), (30, 9, 200), strict=True):
        run = others.get(name, first)
        began = timezone.now()
        Run.objects.filter(pk=run.pk).update(result=run.result | values)
        Job.objects.filter(pk=run.job_id).update(
            started_at=began, ended_at=began + timedelta(seconds=seconds)
        )
    client = client_for(owner)

    def order(sort: str) -> list[str]:
        return [row.run.name for row in listed(client, sort=sort)]

    assert order("loss")[:2] == ["first", "second"]
    assert order("accuracy")[:2] == ["third", "second"]
    assert order("longest") == ["third", "first", "second", "waiting"]
    assert order("shortest") == ["second", "first", "third", "waiting"]
    assert waiting.name in order("loss")[2:]


def test_runs_are_filtered_by_owner_where_there_are_several(make_run, owner, editor, client_for) -> None:
    mine = make_run(name="mine")
    client = client_for(owner)
    assert [row.run.name for row in listed(client, owner=str(editor.pk))] == ["mine"], "one owner: no filter"
    other = make_run(name="other", preflight=mine.preflight)
    Run.objects.filter(pk=other.pk).update(created_by=editor)
    assert [row.run.name for row in listed(client, owner=str(editor.pk))] == ["other"]
    assert [row.run.name for row in listed(client, owner=str(owner.pk))] == ["mine"]
    editor.name = "Grace Hopper"
    editor.save()
    assert [row.run.name for row in listed(client, q="hopper")] == ["other"]


def test_the_list_of_running_runs_costs_a_bounded_number_of_queries(
    make_run, owner, client_for, django_assert_max_num_queries
) -> None:
    first = make_run()
    for number in range(8):
        made = make_run(name=f"old {number}", preflight=first.preflight)
        Run.objects.filter(pk=made.pk).update(loss_curve=None)
    record(make_run(preflight=first.preflight, done=False), range(1, 90))
    client = client_for(owner)
    listed(client)
    with django_assert_max_num_queries(11):
        assert len(listed(client)) == 10


def test_only_runs_of_the_workspace_are_listed(make_run, owner, outsider, client_for) -> None:
    make_run(name="ours")
    assert listed(client_for(outsider), owner=str(owner.pk)) == []
