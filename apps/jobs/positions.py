"""How many jobs come before each queued one, for pages that show many of them."""

from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import datetime
from functools import cached_property

from apps.jobs.models import ACTIVE, Job, State


class Positions:
    """One query, made when the first queued job asks; use one for a page or an answer."""

    @cached_property
    def _queues(self) -> tuple[Counter[str], dict[str, list[datetime]]]:
        """Per queue: how many a worker has taken, and when those that wait were queued, ascending."""
        taken: Counter[str] = Counter()
        waiting: dict[str, list[datetime]] = defaultdict(list)
        active = Job.objects.filter(state__in=ACTIVE).order_by("created_at")
        for queue, state, created_at in active.values_list("queue", "state", "created_at"):
            if state == State.QUEUED:
                waiting[queue].append(created_at)
            else:
                taken[queue] += 1
        return taken, waiting

    def ahead_of(self, job: Job) -> int | None:
        """As JobQuerySet.ahead_of counts them; None for a job that does not wait."""
        if job.state != State.QUEUED:
            return None
        taken, waiting = self._queues
        return taken[job.queue] + bisect_left(waiting[job.queue], job.created_at)
