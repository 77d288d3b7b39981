"""Paused jobs leave the queue until they are resumed, and priorities order the jobs of one workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.jobs import pausing, services, stopping
from apps.jobs.models import Job
from apps.jobs.queue_order import Queues
from apps.jobs.states import Priority, State
from apps.workspaces.models import AuditEntry
from tests.fixtures.page_text import html_of

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_a_queued_run_leaves_the_queue_and_returns(
    owner: User, new_job: NewJob, sent_tasks: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    first, second = new_job("run", "queued", queue="gpu"), new_job("run", "queued", queue="gpu")
    pausing.pause(actor=owner, job=first)
    assert fresh(first).state == State.PAUSED
    assert Queues().ahead_of(second) == 0
    assert services.claim(job_id=str(first.pk), worker="w") == second, "its message stands for another's turn"
    assert services.claim(job_id=str(first.pk), worker="w") is None
    assert not Job.objects.unclaimed().exists()
    with django_capture_on_commit_callbacks(execute=True):
        pausing.unpause(actor=owner, job=first)
    assert sent_tasks == [("jobs.run", str(first.pk), "gpu")]
    assert services.claim(job_id=str(first.pk), worker="w") == first
    actions = AuditEntry.objects.filter(action__startswith="job.").order_by("at")
    assert [entry.action for entry in actions] == ["job.paused", "job.unpaused"]


def test_an_attempt_that_ends_while_it_pauses_leaves_the_job_paused(owner: User, new_job: NewJob) -> None:
    job = new_job("run", "queued", queue="gpu")
    claimed = services.claim(job_id=str(job.pk), worker="w")
    assert claimed is not None
    pausing.pause(actor=owner, job=job)
    assert fresh(job).is_pausing
    assert services.resume(claimed), "its worker was killed"
    assert fresh(job).state == State.PAUSED


def test_a_pause_can_be_withdrawn_before_the_process_ends(owner: User, new_job: NewJob) -> None:
    job = new_job("run", "queued", queue="gpu")
    claimed = services.claim(job_id=str(job.pk), worker="w")
    assert claimed is not None
    pausing.pause(actor=owner, job=job)
    pausing.unpause(actor=owner, job=job)
    services.release(claimed)
    assert fresh(job).state == State.QUEUED


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_a_paused_run_that_is_stopped_leaves_what_its_checkpoint_holds(
    owner: User, new_job: NewJob, has_checkpoint: bool
) -> None:
    job = new_job("run", "queued", queue="gpu")
    pausing.pause(actor=owner, job=job)
    if has_checkpoint:
        storage().write(f"jobs/{job.pk}/checkpoint-1-3/weights", iter([b"w"]))
        Job.objects.filter(pk=job.pk).update(
            checkpoint_key=f"jobs/{job.pk}/checkpoint-1-3", checkpoint_step=3
        )
    stopping.request_stop(actor=owner, job=job)
    found = fresh(job)
    assert found.state == (State.QUEUED if has_checkpoint else State.CANCELLED)
    assert found.stop_requested_at is not None
    assert not found.can_stop, "a second stop would end it without what it has"


def test_a_second_stop_does_not_end_what_is_being_saved(owner: User, new_job: NewJob) -> None:
    job = new_job("run", "paused", queue="gpu", checkpoint_step=3)
    Job.objects.filter(pk=job.pk).update(checkpoint_key=f"jobs/{job.pk}/checkpoint-1-3")
    for _ in range(2):
        stopping.request_stop(actor=owner, job=job)
    assert fresh(job).is_saving_what_it_has
    stopping.stop_all(actor=owner, workspace=job.workspace)
    assert fresh(job).state == State.CANCELLED, "with its workspace it ends at once"


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_a_stop_while_it_pauses_keeps_what_the_checkpoint_holds(
    owner: User, new_job: NewJob, has_checkpoint: bool
) -> None:
    job = new_job("run", "queued", queue="gpu")
    claimed = services.claim(job_id=str(job.pk), worker="w")
    assert claimed is not None
    pausing.pause(actor=owner, job=job)
    stopping.request_stop(actor=owner, job=job)
    assert fresh(job).pause_requested_at is None, "a lost worker leaves it stopped, not paused"
    if has_checkpoint:
        Job.objects.filter(pk=job.pk).update(checkpoint_key=f"jobs/{job.pk}/checkpoint-1-3")
    services.release(claimed, is_paused=True)
    assert fresh(job).state == (State.QUEUED if has_checkpoint else State.CANCELLED)
    assert fresh(job).stop_requested_at is not None


@pytest.mark.parametrize(("kind", "state"), [("import", "queued"), ("run", "succeeded"), ("run", "stopping")])
def test_what_cannot_be_paused_says_so(owner: User, new_job: NewJob, kind: str, state: str) -> None:
    with pytest.raises(UserError, match="queued or running"):
        pausing.pause(actor=owner, job=new_job(kind, state))


def test_a_run_that_was_paused_and_ended_can_be_tried_again(owner: User, new_job: NewJob) -> None:
    job = new_job("run", "queued", queue="gpu")
    pausing.pause(actor=owner, job=job)
    stopping.request_stop(actor=owner, job=job)
    services.retry(actor=owner, job=job)
    assert fresh(job).state == State.QUEUED


def test_priority_orders_the_jobs_of_a_workspace_and_no_others(
    owner: User, outsider: User, new_job: NewJob
) -> None:
    oldest, newer, urgent = (new_job("run", "queued", queue="gpu") for _ in range(3))
    other = Job.objects.create(
        workspace=outsider.memberships.get().workspace, kind="run", title="Elsewhere", queue="gpu", spec={}
    )
    pausing.set_priority(actor=owner, job=urgent, priority="high")
    pausing.set_priority(actor=owner, job=oldest, priority="low")
    taken = [services.claim(job_id=str(oldest.pk), worker="w") for _ in range(4)]
    assert taken == [urgent, other, newer, oldest]


def test_a_priority_that_there_is_not_is_refused(owner: User, new_job: NewJob) -> None:
    job = new_job("run", "queued")
    with pytest.raises(UserError) as caught:
        pausing.set_priority(actor=owner, job=job, priority="highest")
    assert caught.value.field == "priority"
    with pytest.raises(UserError, match="started or ended"):
        pausing.set_priority(actor=owner, job=new_job("run", "running"), priority="low")


def test_the_status_offers_what_is_possible(
    client: Client, owner: User, viewer: User, new_job: NewJob
) -> None:
    job = new_job("run", "queued", queue="gpu")
    address = reverse("jobs:status", args=[job.pk])
    client.force_login(owner)
    html = html_of(client.get(address))
    assert "Raise priority" in html
    assert "Pause" in html
    client.post(reverse("jobs:priority", args=[job.pk]), {"priority": "high"})
    html = html_of(client.get(address))
    assert fresh(job).priority == Priority.HIGH
    assert "high priority" in html
    assert "Raise priority" not in html
    client.post(reverse("jobs:pause", args=[job.pk]))
    html = html_of(client.get(address))
    assert "Paused" in html
    assert "starts once you resume it" in html
    assert "Resume" in html
    client.force_login(viewer)
    assert "Resume" not in html_of(client.get(address))
    assert client.post(reverse("jobs:unpause", args=[job.pk])).status_code == 403


def test_the_api_pauses_resumes_and_orders(owner: User, new_job: NewJob, client: Client) -> None:
    job = new_job("run", "queued", queue="gpu")
    client.force_login(owner)
    answer = client.post(f"/api/v1/jobs/{job.pk}/priority/", {"priority": "low"}, "application/json")
    assert (answer.status_code, answer.json()["priority"]) == (200, "low")
    assert client.post(f"/api/v1/jobs/{job.pk}/pause/").json()["state"] == "paused"
    assert client.post(f"/api/v1/jobs/{job.pk}/unpause/").json()["state"] == "queued"
    refused = client.post(f"/api/v1/jobs/{job.pk}/priority/", {"priority": "top"}, "application/json")
    assert refused.status_code == 400
