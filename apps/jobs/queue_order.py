"""The order in which workers take the jobs of a queue.

Workspaces take turns: the next job is that of the waiting workspace with the fewest jobs at work, then of the one that was
served longest ago, so that a hundred imports of one team do not delay the import of another. Within a workspace the job with
the highest priority comes first, then the oldest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from django.db.models import CharField, Max, Value
from django.db.models.functions import Cast, Replace

from apps.jobs.models import Job
from apps.jobs.states import CLAIMED, Priority, State

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """A queued job; `number` counts the jobs by the time of their queueing. Ids are their 32 hexadecimal digits."""

    pk: str
    workspace_id: str
    number: int
    priority: int = Priority.NORMAL


def in_turn(
    waiting: Iterable[Waiting], at_work: Mapping[str, int], served_at: Mapping[str, datetime]
) -> list[Waiting]:
    """The queued jobs of one queue, the next one first.

    `at_work` counts the claimed jobs of each workspace; `served_at` says when it last got a worker.
    """
    turns: Counter[str] = Counter(at_work)
    keyed = []
    for place, job in enumerate(sorted(waiting, key=lambda job: (-job.priority, job.number))):
        keyed.append((turns[job.workspace_id], served_at.get(job.workspace_id, _NEVER), place, job))
        turns[job.workspace_id] += 1
    return [job for *_, job in sorted(keyed, key=lambda key: key[:-1])]


def _digits(field: str) -> Replace:
    """An id as text: making thousands of UUID objects takes longer than all the rest of a page."""
    return Replace(Cast(field, CharField()), Value("-"), Value(""))


class Queues:
    """Every queue, or the one named, as it is when it is first asked about: one query, and one more where several
    workspaces wait in a queue. Use one for a page or an answer."""

    def __init__(self, queue: str | None = None) -> None:
        self._only = {"queue": queue} if queue else {}
        self._orders: dict[str, list[Waiting]] = {}
        self._places: dict[str, dict[str, int]] = {}

    @cached_property
    def _active(self) -> tuple[dict[str, list[Waiting]], dict[str, dict[str, str]]]:
        """Per queue: the jobs that wait, and the workspaces of those that a worker has taken."""
        waiting: dict[str, list[Waiting]] = defaultdict(list)
        taken: dict[str, dict[str, str]] = defaultdict(dict)
        active = Job.objects.filter(state__in=(State.QUEUED, *CLAIMED), **self._only).order_by(
            "created_at", "pk"
        )
        rows = active.values_list(_digits("pk"), _digits("workspace_id"), "queue", "state", "priority")
        for number, (pk, workspace_id, queue, state, priority) in enumerate(rows):
            if state == State.QUEUED:
                waiting[queue].append(Waiting(pk, workspace_id, number, priority))
            else:
                taken[queue][pk] = workspace_id
        return waiting, taken

    def order(self, queue: str) -> list[Waiting]:
        """The jobs that wait in a queue, the next one first."""
        all_waiting, taken = self._active
        if queue not in self._orders:
            waiting = all_waiting[queue]
            workspaces = {job.workspace_id for job in waiting}
            served: dict[str, datetime] = {}
            if len(workspaces) > 1:
                earlier = Job.objects.filter(
                    queue=queue,
                    workspace__in=[UUID(digits) for digits in workspaces],
                    attempt_started_at__isnull=False,
                )
                served = dict(
                    earlier.order_by()
                    .values_list(_digits("workspace_id"))
                    .annotate(at=Max("attempt_started_at"))
                )
            self._orders[queue] = in_turn(waiting, Counter(taken[queue].values()), served)
        return self._orders[queue]

    def ahead_of(self, job: Job) -> int | None:
        """How many jobs of its queue come before a queued job: those at work and those whose turn is earlier. None for
        a job that does not wait."""
        if job.state != State.QUEUED:
            return None
        if job.queue not in self._places:
            self._places[job.queue] = {one.pk: place for place, one in enumerate(self.order(job.queue))}
        # A worker may have taken it since it was read.
        before = self._places[job.queue].get(job.pk.hex, 0)
        return len(self._active[1][job.queue].keys() - {job.pk.hex}) + before
