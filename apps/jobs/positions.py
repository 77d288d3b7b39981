"""How many jobs come before each queued one, for pages that show many of them."""

from bisect import bisect_left
from collections import defaultdict
from datetime import datetime
from functools import cached_property
from uuid import UUID

from apps.jobs.models import ACTIVE, Job, State


class Positions:
    """One query, made when the first queued job asks; use one for a page or an answer."""

    @cached_property
    def _queues(self) -> tuple[dict[str, set[UUID]], dict[str, list[datetime]]]:
        """Per queue: what a worker has taken, and when those that wait were queued, ascending."""
        taken: dict[str, set[UUID]] = defaultdict(set)
        waiting: dict[str, list[datetime]] = defaultdict(list)
        active = Job.objects.filter(state__in=ACTIVE).order_by("created_at")
        for pk, queue, state, created_at in active.values_list("pk", "queue", "state", "created_at"):
            if state == State.QUEUED:
                waiting[queue].append(created_at)
            else:
                taken[queue].add(pk)
        return taken, waiting

    def ahead_of(self, job: Job) -> int | None:
        """As JobQuerySet.ahead_of counts them; None for a job that does not wait."""
        if job.state != State.QUEUED:
            return None
        taken, waiting = self._queues
        # A worker may have taken it since it was read.
        return len(taken[job.queue] - {job.pk}) + bisect_left(waiting[job.queue], job.created_at)
