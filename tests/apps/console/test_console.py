"""The administrators' page: each part says itself when it cannot be read, and its buttons repair."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.console import queries
from apps.jobs import tasks
from apps.jobs.models import Job
from apps.jobs.reaper import REAPED_AT
from apps.jobs.states import State
from apps.workspaces import usage
from apps.workspaces.team.lifecycle import create_workspace
from tests.fixtures.page_text import html_of

pytestmark = pytest.mark.django_db
CONSOLE = "/console/"


@pytest.fixture
def no_engine(settings) -> None:
    settings.ENGINE_URL = "http://127.0.0.1:9"


def test_who_may_see_it(client_for, owner, admin, outsider, no_engine) -> None:
    assert client_for(owner).get(CONSOLE).status_code == 200
    assert client_for().get(CONSOLE)["Location"].startswith("/accounts/login/")
    for user in (admin, outsider):
        assert client_for(user).get(CONSOLE).status_code == 403, "a workspace's admin is no administrator"


def test_what_is_missing_is_said_with_what_to_do(client_for, owner, no_engine) -> None:
    html = client_for(owner).get(CONSOLE).content.decode()
    for queue in ("default", "upkeep", "gpu"):
        assert f"Worker “{queue}”" in html
        assert f"-Q {queue}" in html
    assert "python manage.py streamer" in html
    assert "python -m workers.serving.engine" in html
    assert "The engine is not responding." in html
    assert "celery -A studio beat" in html


def test_redis_gone_is_said_and_the_page_still_comes(client_for, owner, no_engine, settings) -> None:
    client = client_for(owner)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
    html = client.get(CONSOLE).content.decode()
    assert "Until it is back, jobs wait and published apps cannot answer" in html
    assert "Worker “gpu”" not in html, "nobody knows whether it runs"


def test_beat_is_there_when_jobs_were_looked_after_a_moment_ago(owner) -> None:
    assert not queries.beat().is_up
    tasks.reap()
    assert queries.beat().is_up
    cache.set(REAPED_AT, time.time() - 600)
    gone = queries.beat()
    assert (gone.is_up, gone.text) == (False, "checked jobs 600 s ago")
    assert "celery -A studio beat" in gone.advice


def test_a_running_engine_shows_itself(client_for, owner, engine) -> None:
    html = client_for(owner).get(CONSOLE).content.decode()
    assert "ready · cpu" in html
    assert "3 / 4" in html


def test_what_is_at_work_is_shown_with_its_device(client_for, owner, new_job, no_engine) -> None:
    assert "No run or evaluation is using" in client_for(owner).get(CONSOLE).content.decode()
    new_job("run", "running", title="Desk, run 7", device="NVIDIA H100 · bf16", heartbeat_at=timezone.now())
    new_job("run", "succeeded", title="Desk, run 6", device="NVIDIA H100 · bf16", ended_at=timezone.now())
    response = client_for(owner).get(CONSOLE)
    assert [job.title for job in response.context["at_work"]] == ["Desk, run 7"]
    assert "NVIDIA H100 · bf16" in response.content.decode()


@pytest.mark.parametrize(("free", "is_tight"), [(1 << 29, True), (3 << 30, True), (90 << 30, False)])
def test_little_room_on_the_disk_is_said_with_what_to_do(
    client_for, owner, no_engine, monkeypatch, free, is_tight
) -> None:
    total = 200 << 30
    # File systems keep some back: what is used and what is free need not be the whole.
    usage_of = SimpleNamespace(total=total, used=10 << 30, free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage_of)
    response = client_for(owner).get(CONSOLE)
    html = html_of(response)
    assert ("Little disk space is left." in html) is is_tight
    assert f'max="{total}" value="{total - free}"' in html


def test_queues_are_counted_from_the_database(owner, new_job) -> None:
    new_job("run", "queued", queue="gpu")
    new_job("run", "running", queue="gpu")
    new_job("run", "failed", queue="gpu", ended_at=timezone.now())
    new_job("run", "failed", queue="gpu", ended_at=timezone.now() - timedelta(days=2))
    found = {row["queue"]: row for row in queries.queues()}
    assert (found["gpu"]["queued"], found["gpu"]["running"], found["gpu"]["failed_today"]) == (1, 1, 1)
    assert found["default"]["queued"] == 0


def test_stuck_jobs_are_the_silent_the_lost_the_unwanted_and_our_errors(new_job) -> None:
    now, long_ago = timezone.now(), timezone.now() - timedelta(hours=3)
    wanted = {
        new_job("run", "running", title="silent", heartbeat_at=long_ago),
        new_job("run", "queued", title="unwanted", sent_at=long_ago),
        new_job("run", "lost", title="lost", ended_at=now),
        new_job("run", "errored", title="ours", ended_at=now),
    }
    new_job("run", "running", heartbeat_at=now)
    new_job("run", "queued", sent_at=now)
    new_job("run", "failed", ended_at=now)
    new_job("run", "errored", ended_at=now - timedelta(days=2))
    assert set(queries.stuck_jobs()) == wanted


def test_a_stuck_job_leads_to_its_page_for_whoever_may_see_it(
    client_for, owner, outsider, make_run, new_job, no_engine
) -> None:
    lost = {"state": "lost", "ended_at": timezone.now()}
    run = make_run(done=False)
    Job.objects.filter(pk=run.job_id).update(**lost)
    elsewhere = make_run(done=False, preflight=run.preflight)
    Job.objects.filter(pk=elsewhere.job_id).update(**lost, workspace=outsider.memberships.get().workspace)
    gone = new_job("import", **lost)
    response = client_for(owner).get(CONSOLE)
    address = reverse("training:detail", args=[run.pk])
    assert dict(response.context["stuck"]) == {run.job: address, elsewhere.job: "", gone: ""}
    html = response.content.decode()
    assert f'href="{address}"' in html
    assert reverse("training:detail", args=[elsewhere.pk]) not in html


def test_an_administrator_repairs_in_any_workspace(client_for, owner, outsider, new_job, no_engine) -> None:
    elsewhere = outsider.memberships.get().workspace
    lost, waiting = new_job("run", "lost", ended_at=timezone.now()), new_job("run", "queued")
    for job in (lost, waiting):
        type(job).objects.filter(pk=job.pk).update(workspace=elsewhere)
    client = client_for(owner)
    assert reverse("console:retry", args=[lost.pk]) in client.get(CONSOLE).content.decode()
    assert client.post(reverse("console:retry", args=[lost.pk]))["Location"] == CONSOLE
    assert client.post(reverse("console:stop", args=[waiting.pk]))["Location"] == CONSOLE
    lost.refresh_from_db()
    waiting.refresh_from_db()
    assert (lost.state, waiting.state) == (State.QUEUED, State.CANCELLED)
    said = client.get(CONSOLE).content.decode()
    assert "is queued again" in said
    assert "is cancelled, or ends in a moment" in said


def test_a_button_that_comes_too_late_says_so_on_the_console(client_for, owner, new_job, no_engine) -> None:
    job = new_job("run", "succeeded", ended_at=timezone.now())
    response = client_for(owner).post(reverse("console:retry", args=[job.pk]), follow=True)
    assert response.redirect_chain == [(CONSOLE, 302)]
    assert "Only a job that ended without a result can be tried again." in response.content.decode()


def test_nobody_else_repairs_there(client_for, admin, new_job) -> None:
    job = new_job("run", "queued")
    for name in ("console:retry", "console:stop"):
        assert client_for(admin).post(reverse(name, args=[job.pk])).status_code == 403
        assert client_for().post(reverse(name, args=[job.pk])).status_code == 302
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_a_job_that_is_gone(client_for, owner) -> None:
    address = reverse("console:retry", args=["00000000-0000-0000-0000-000000000000"])
    assert client_for(owner).post(address).status_code == 404


def test_disk_by_workspace_largest_first(workspace, outsider, admin) -> None:
    elsewhere = outsider.memberships.get().workspace
    create_workspace(actor=admin, name="Empty")
    for one, amount in ((elsewhere, 10), (workspace, 1001)):
        usage.set_stored(workspace=one, source=("import", str(one.pk)), amount=amount)
    disk = queries.disk()
    assert disk["workspaces"] == [("Library", 1001), ("Elsewhere", 10)]
    assert 0 < disk["free"] < disk["total"]


def test_the_page_costs_the_same_with_one_stuck_job_and_with_many(
    client_for, owner, new_job, no_engine, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    client = client_for(owner)
    new_job("run", "lost", ended_at=timezone.now())
    client.get(CONSOLE)  # once a while it is written down when a session was used
    with django_assert_max_num_queries(15) as counted:
        client.get(CONSOLE)
    for _ in range(9):
        new_job("run", "lost", ended_at=timezone.now())
    with django_assert_num_queries(len(counted)):
        assert len(client.get(CONSOLE).context["stuck"]) == 10
