"""What training makes of the end of its jobs, and the pages that show them."""

from functools import partial

from django.db import transaction
from django.urls import reverse

from apps.jobs.job_pages import register_page
from apps.jobs.models import Job
from apps.jobs.signals import job_ended, job_retried, job_succeeded, receives
from apps.training import loss_curves, services
from apps.training.models import Trial
from apps.training.sweeps.advancing import wake_worker
from workers.contracts.job_kinds.preflight import PREFLIGHT
from workers.contracts.job_kinds.run import RUN

register_page(PREFLIGHT, "preflight", lambda made: reverse("training:preflight", args=[made.pk]))
register_page(RUN, "run", lambda run: reverse("training:detail", args=[run.pk]))


@receives(job_succeeded, PREFLIGHT)
def take_preflight(job: Job) -> None:
    services.take_preflight(job)


@receives(job_succeeded, RUN)
def take_run(job: Job) -> None:
    services.take_run(job)


@receives(job_ended, RUN)
def store_curve(job: Job) -> None:
    loss_curves.store_curve(job)


@receives(job_ended, RUN)
def advance_sweep(job: Job) -> None:
    """The end of a trial is when its sweep goes on."""
    for sweep in Trial.objects.filter(run__job=job).values_list("sweep", flat=True):
        transaction.on_commit(partial(wake_worker, sweep))


@receives(job_retried, PREFLIGHT)
def require_rows(job: Job) -> None:
    services.require_rows(job)


@receives(job_retried, RUN)
def require_room_again(job: Job) -> None:
    services.require_rows(job)
    services.require_room_again(job)
    loss_curves.clear_curve(job)
