"""What any page with a job shows of it, and what its buttons do."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.storage import storage
from apps.jobs import reaper
from apps.jobs import services as jobs
from apps.jobs.job_pages import page_of
from apps.jobs.models import Job
from apps.jobs.queue_order import Queues
from apps.jobs.states import State
from apps.workspaces.models import AuditEntry
from workers.contracts.events import Failed, Log, Progress, Started

pytestmark = pytest.mark.django_db


def status(client, job: Job, **query: str) -> str:
    return client.get(reverse("jobs:status", args=[job.pk]), query).content.decode()


def test_a_queued_job_says_how_many_come_first(client_for, owner, new_job) -> None:
    client = client_for(owner)
    first, second = new_job("run", "queued", queue="gpu"), new_job("run", "queued", queue="gpu")
    new_job("import", "queued")
    assert "next in the queue" in status(client, first)
    assert "1 job ahead in the queue" in status(client, second)
    jobs.claim(job_id=str(first.pk), worker="w")
    assert "1 job ahead in the queue" in status(client, second), "a running one counts too"


def test_a_running_job_shows_phase_share_and_time_left(client_for, owner, new_job) -> None:
    job = new_job("run", "queued")
    claimed = jobs.claim(job_id=str(job.pk), worker="w")
    jobs.record_events(
        claimed,
        [Started(pid=1), Progress(phase="Reading", done=1, fraction=0.25, seconds_left=61)],
    )
    html = status(client_for(owner), job)
    for shown in (
        "Running",
        "Reading",
        'value="25"',
        "1 min 1 s left",
        "Stop and keep the best checkpoint",
        "hx-get",
    ):
        assert shown in html


def test_a_running_job_whose_worker_is_silent_says_so_before_it_is_lost(
    client_for, owner, new_job, settings
) -> None:
    job, client = new_job("run", "queued"), client_for(owner)
    jobs.claim(job_id=str(job.pk), worker="w")
    assert "has not responded" not in status(client, job)
    silent = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_SECONDS - 1)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=silent)
    assert "The worker has not responded for" in status(client, job)


def test_an_ended_job_says_why_and_no_longer_reloads(client_for, owner, new_job) -> None:
    job = new_job("run", "queued")
    failure = Failed(code="x", message="Use <fewer> rows.", trace="<script>")
    jobs.fail(jobs.claim(job_id=str(job.pk), worker="w"), failure)
    html = status(client_for(owner), job)
    assert "Use &lt;fewer&gt; rows." in html
    assert "<script>" not in html
    assert "Try again" in html
    assert "hx-get" not in html


def test_a_page_that_showed_it_at_work_is_loaded_again(client_for, owner, new_job) -> None:
    client, job = client_for(owner), new_job("run", "succeeded")
    address = reverse("jobs:status", args=[job.pk])
    assert "data-reload" in client.get(f"{address}?was=active").content.decode()
    assert "data-reload" not in client.get(address).content.decode()


def test_the_log_from_a_number_on(client_for, owner, new_job) -> None:
    job = new_job("run", "queued")
    claimed = jobs.claim(job_id=str(job.pk), worker="w")
    jobs.record_events(claimed, [Log(text="one"), Log(level="warning", text="<two>")])
    client, address = client_for(owner), reverse("jobs:log", args=[job.pk])
    response = client.get(address)
    assert response["Content-Type"].startswith("text/plain")
    assert [line.split(" ", 1)[1] for line in response.content.decode().splitlines()] == [
        "info: one",
        "warning: <two>",
    ]
    assert client.get(address, {"after": "1"}).content.decode().endswith("<two>")
    assert not client.get(address, {"after": "2"}).content
    for nonsense in ("²", "9" * 5000, "-1", "x"):
        assert b"one" in client.get(address, {"after": nonsense}).content


def test_stopping_a_queued_job_ends_it_and_a_running_one_is_asked(client_for, owner, new_job) -> None:
    client = client_for(owner)
    waiting, running = new_job("import", "queued"), new_job("run", "queued")
    jobs.claim(job_id=str(running.pk), worker="w")
    for job in (waiting, running, running):
        assert client.post(reverse("jobs:stop", args=[job.pk])).status_code == 302
    waiting.refresh_from_db()
    running.refresh_from_db()
    assert (waiting.state, running.state) == (State.CANCELLED, State.STOPPING)
    assert AuditEntry.objects.filter(action="job.stopped").count() == 2


def test_trying_again_queues_it_once_more(
    client_for, owner, new_job, sent_tasks, django_capture_on_commit_callbacks
) -> None:
    job = new_job("run", "lost", error_message="gone", resumes=3, queue="gpu")
    client, address = client_for(owner), reverse("jobs:retry", args=[job.pk])
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address)
    job.refresh_from_db()
    assert (job.state, job.error_message, job.resumes) == (State.QUEUED, "", 0)
    assert sent_tasks == [("jobs.run", str(job.pk), "gpu")]
    assert AuditEntry.objects.filter(action="job.retried").exists()
    response = client.post(address)
    assert response.status_code == 400
    assert "Only a job that ended without a result" in response.content.decode()


def test_what_nobody_resumed_for_long_is_removed_and_that_is_said(
    client_for, owner, new_job, settings, django_capture_on_commit_callbacks
) -> None:
    def ended(days: float, state: str = "lost") -> Job:
        when = timezone.now() - timedelta(days=days)
        job = new_job("run", state, ended_at=when, checkpoint_step=40)
        storage().write(f"jobs/{job.pk}/checkpoint-1-40/weights", iter([b"w"]))
        Job.objects.filter(pk=job.pk).update(checkpoint_key=f"jobs/{job.pk}/checkpoint-1-40")
        return job

    settings.CHECKPOINT_DAYS = 14
    old, cancelled, recent = ended(15), ended(20, "cancelled"), ended(13)
    with django_capture_on_commit_callbacks(execute=True):
        assert reaper.drop_old_checkpoints() == 2
    assert [storage().list(f"jobs/{job.pk}") != [] for job in (old, cancelled, recent)] == [
        False,
        False,
        True,
    ]
    client = client_for(owner)
    assert "Resume" in status(client, recent)
    assert "starts from the beginning" not in status(client, recent)
    html = status(client, old)
    assert "starts from the beginning" in html
    assert "Try again" in html
    jobs.retry(actor=owner, job=old)
    old.refresh_from_db()
    assert (old.state, old.checkpoint_step) == (State.QUEUED, None)


@pytest.mark.parametrize("referer", ["https://evil.example/x", "//evil.example", "javascript:alert(1)", ""])
def test_a_button_leads_back_to_this_site_only(client_for, owner, new_job, referer) -> None:
    job = new_job("run", "queued")
    response = client_for(owner).post(reverse("jobs:stop", args=[job.pk]), headers={"Referer": referer})
    assert response["Location"] == "/"


def test_a_button_leads_back_to_where_it_was_pressed(client_for, owner, new_job) -> None:
    job, here = new_job("run", "queued"), "http://testserver/runs/"
    assert (
        client_for(owner).post(reverse("jobs:stop", args=[job.pk]), headers={"Referer": here})["Location"]
        == here
    )


def test_notices_are_shown_once_and_to_whoever_started_it(client_for, owner, editor, new_job) -> None:
    now = timezone.now()
    new_job("run", "succeeded", title="Mine", ended_at=now)
    new_job("import", "failed", title="Broken", ended_at=now - timedelta(minutes=1))
    new_job("import", "succeeded", title="A step of something longer", ended_at=now)
    new_job("run", "cancelled", title="I stopped it", ended_at=now)
    new_job("run", "running", title="Not ended")
    new_job("run", "succeeded", title="Theirs", created_by=editor, ended_at=now)
    client, address = client_for(owner), reverse("jobs:notices")
    notices = client.get(address).json()["notices"]
    assert [(n["text"], n["level"]) for n in notices] == [
        ("Mine: Succeeded", "success"),
        ("Broken: Failed", "danger"),
    ]
    assert client.get(address).json() == {"notices": []}
    assert [n["text"] for n in client_for(editor).get(address).json()["notices"]] == ["Theirs: Succeeded"]


def test_a_notice_leads_to_the_page_of_what_ended(client_for, owner, make_run) -> None:
    run = make_run()
    notices = client_for(owner).get(reverse("jobs:notices")).json()["notices"]
    assert reverse("training:detail", args=[run.pk]) in [notice["url"] for notice in notices]


def test_a_job_whose_object_is_gone_has_no_page(new_job) -> None:
    for kind in ("import", "freeze", "preflight", "run", "evaluation", "comparison", "export", "parity"):
        assert page_of(new_job(kind)) == ""


def test_positions_are_those_of_the_queue(new_job, django_assert_num_queries) -> None:
    taken = new_job("run", "running", queue="gpu")
    waiting = [new_job("run", "queued", queue="gpu") for _ in range(3)]
    other = new_job("import", "queued")
    with django_assert_num_queries(1):
        queues = Queues()
        assert [queues.ahead_of(job) for job in (taken, *waiting, other)] == [None, 1, 2, 3, 0]


def test_a_viewer_has_no_buttons(client_for, viewer, new_job) -> None:
    assert "<form" not in status(client_for(viewer), new_job("run", "queued"))


def test_a_job_that_was_taken_meanwhile_is_not_before_itself(new_job) -> None:
    job = new_job("run", "queued", queue="gpu")
    Job.objects.filter(pk=job.pk).update(state="starting")
    assert Queues().ahead_of(job) == 0
