"""The small loss curve of each run in a list: read from the events, and stored when the run ends."""

from collections.abc import Collection
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from apps.jobs.models import Job, JobEvent
from apps.training.models import Run
from apps.training.querysets import counted_points

CURVE_POINTS = 60
"""The most values of a curve. Those of long runs have at least half as many."""


def loss_curves(jobs: Collection[UUID]) -> dict[UUID, list[float]]:
    """Return the smoothed training loss of several runs in a few values each, by job, in one query.

    The values are evenly spaced and end with the newest. A job without losses is left out.
    """
    losses = JobEvent.objects.filter(
        job__in=jobs, kind="metric", data__values__has_key="train_loss"
    ).order_by()
    placed = losses.annotate(
        place=Window(RowNumber(), partition_by=F("job"), order_by="seq"),
        count=Window(Count("pk"), partition_by=F("job")),
    )
    kept = placed.annotate(skipped=(F("count") - F("place")) % (1 + F("count") / CURVE_POINTS)).filter(
        skipped=0
    )
    shown = JobEvent.objects.filter(pk__in=kept.values("pk")).order_by("job", "seq")
    curves = {}
    for job, events in groupby(shown.values_list("job", "attempt", "data"), key=itemgetter(0)):
        points = counted_points((attempt, data) for _job, attempt, data in events)
        curves[job] = [
            values.get("smoothed_train_loss", values["train_loss"]) for _at, _epoch, values in points
        ]
    return curves


def store_curve(job: Job) -> None:
    """Store the curve of an ended run, so that lists do not read its events."""
    Run.objects.filter(job=job).update(loss_curve=loss_curves([job.pk]).get(job.pk, []))


def clear_curve(job: Job) -> None:
    """Remove the stored curve of a run that is queued again."""
    Run.objects.filter(job=job).update(loss_curve=None)
