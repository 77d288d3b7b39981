"""Celery tasks: each hands its job to the supervisor."""

from celery import shared_task

from workers.contracts.jobs import ROUTES, JobKind
from workers.runtime.supervisor import supervise


@shared_task(name=ROUTES[JobKind.PARITY].task)
def parity(job_id: str) -> None:
    supervise(job_id)
