"""Workspaces take turns in every queue, and the position that a page shows is the one that workers follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.jobs import services
from apps.jobs.models import Job
from apps.jobs.queue_order import Queues, Waiting, in_turn
from apps.workspaces.models import Workspace

Enqueue = Callable[[Workspace, str], Job]


@pytest.fixture
def elsewhere(outsider: User) -> Workspace:
    return outsider.memberships.get().workspace


@pytest.fixture
def queued(db: None) -> Enqueue:
    def create(workspace: Workspace, queue: str = "default") -> Job:
        return Job.objects.create(workspace=workspace, kind="import", title="A file", queue=queue, spec={})

    return create


def test_a_small_team_waits_for_one_job_of_a_large_one(
    workspace: Workspace, elsewhere: Workspace, queued: Enqueue
) -> None:
    many = [queued(workspace, "default") for _ in range(10)]
    one = queued(elsewhere, "default")
    assert Queues().ahead_of(one) == 1
    first = services.claim(job_id=str(many[0].pk), worker="w")
    second = services.claim(job_id=str(many[1].pk), worker="w")
    assert [first, second] == [many[0], one], "the message of one job takes the job whose turn it is"
    assert services.claim(job_id=str(one.pk), worker="w") == many[1], "and no message is used up for nothing"


def test_every_queued_job_is_taken_by_as_many_messages(
    workspace: Workspace, elsewhere: Workspace, queued: Enqueue
) -> None:
    jobs = [queued(where, "default") for where in (workspace, workspace, elsewhere, workspace, elsewhere)]
    taken = [services.claim(job_id=str(job.pk), worker="w") for job in jobs]
    assert {job.pk for job in taken if job} == {job.pk for job in jobs}
    assert services.claim(job_id=str(jobs[0].pk), worker="w") is None


def test_queues_do_not_wait_for_each_other(workspace: Workspace, queued: Enqueue) -> None:
    queued(workspace, "gpu")
    job = queued(workspace, "default")
    assert Queues().ahead_of(job) == 0
    assert services.claim(job_id=str(job.pk), worker="w") == job


@pytest.mark.django_db
def test_the_position_shown_is_the_turn_taken(
    workspace: Workspace, elsewhere: Workspace, queued: Enqueue
) -> None:
    jobs = [queued(where, "default") for where in (workspace, workspace, elsewhere, workspace, elsewhere)]
    shown = {job.pk: Queues().ahead_of(job) for job in jobs}
    taken: list[Any] = [services.claim(job_id=str(jobs[0].pk), worker="w") for _ in jobs[:1]]
    taken += [services.claim(job_id=str(job.pk), worker="w") for job in jobs[1:]]
    assert [shown[job.pk] for job in taken] == list(range(len(jobs)))


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=6))
def test_no_workspace_is_two_rounds_ahead_of_one_that_waits(owners: list[int], at_work: list[int]) -> None:
    """After any number of turns, a workspace that still waits has at most one job less at work than any that was served
    since, and within a workspace the order is that of queueing."""
    jobs = [Waiting(UUID(int=n).hex, str(owner), n) for n, owner in enumerate(owners)]
    order = in_turn(jobs, Counter(map(str, at_work)), {})
    assert sorted(job.pk for job in order) == [job.pk for job in jobs]
    for owner in set(map(str, owners)):
        own = [job.number for job in order if job.workspace_id == owner]
        assert own == sorted(own)
    having = Counter(map(str, at_work))
    for index, job in enumerate(order):
        waiting = {later.workspace_id for later in order[index:]}
        assert having[job.workspace_id] == min(having[owner] for owner in waiting)
        having[job.workspace_id] += 1
