"""The order in which workers take the jobs of a queue.

Workspaces take turns: the next job is that of the waiting workspace with the fewest jobs at work, then of the one that was
served longest ago, so that a hundred imports of one team keep nobody else's import waiting. Within a workspace the oldest
job comes first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Max

from apps.jobs.models import ACTIVE, Job, State

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """A queued job."""

    pk: UUID
    workspace_id: Any
    queued_at: datetime


def in_turn(
    waiting: Iterable[Waiting], at_work: Mapping[Any, int], served_at: Mapping[Any, datetime]
) -> list[Waiting]:
    """The queued jobs of one queue, the next one first.

    `at_work` counts the claimed jobs of each workspace; `served_at` says when it last got a worker.
    """
    turns: Counter[Any] = Counter(at_work)
    keyed = []
    for job in sorted(waiting, key=lambda job: (job.queued_at, job.pk)):
        keyed.append(
            (turns[job.workspace_id], served_at.get(job.workspace_id, _NEVER), job.queued_at, job.pk, job)
        )
        turns[job.workspace_id] += 1
    return [job for *_, job in sorted(keyed, key=lambda key: key[:-1])]


class Queues:
    """Every queue, or the one named, as it is when it is first asked about: one query, and one more where several
    workspaces wait in a queue. Use one for a page or an answer."""

    def __init__(self, queue: str | None = None) -> None:
        self._only = {"queue": queue} if queue else {}
        self._orders: dict[str, list[Waiting]] = {}

    @cached_property
    def _active(self) -> tuple[dict[str, list[Waiting]], dict[str, dict[UUID, Any]]]:
        """Per queue: the jobs that wait, and the workspaces of those that a worker has taken."""
        waiting: dict[str, list[Waiting]] = defaultdict(list)
        taken: dict[str, dict[UUID, Any]] = defaultdict(dict)
        active = Job.objects.filter(state__in=ACTIVE, **self._only).order_by()
        for pk, queue, state, workspace_id, at in active.values_list(
            "pk", "queue", "state", "workspace_id", "created_at"
        ):
            if state == State.QUEUED:
                waiting[queue].append(Waiting(pk, workspace_id, at))
            else:
                taken[queue][pk] = workspace_id
        return waiting, taken

    def order(self, queue: str) -> list[Waiting]:
        """The jobs that wait in a queue, the next one first."""
        all_waiting, taken = self._active
        if queue not in self._orders:
            waiting = all_waiting[queue]
            workspaces = {job.workspace_id for job in waiting}
            served: dict[Any, datetime] = {}
            if len(workspaces) > 1:
                earlier = Job.objects.filter(
                    queue=queue, workspace__in=workspaces, attempt_started_at__isnull=False
                )
                served = dict(
                    earlier.order_by()
                    .values_list("workspace_id")
                    .annotate(at=Max("attempt_started_at"))
                    .values_list("workspace_id", "at")
                )
            self._orders[queue] = in_turn(waiting, Counter(taken[queue].values()), served)
        return self._orders[queue]

    def ahead_of(self, job: Job) -> int | None:
        """How many jobs of its queue come before a queued job: those at work and those whose turn is earlier. None for
        a job that does not wait."""
        if job.state != State.QUEUED:
            return None
        order = [waiting.pk for waiting in self.order(job.queue)]
        # A worker may have taken it since it was read.
        before = order.index(job.pk) if job.pk in order else 0
        return len(self._active[1][job.queue].keys() - {job.pk}) + before
