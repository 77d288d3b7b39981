"""What training makes of the end of its jobs."""

from typing import Any

from django.dispatch import receiver

from apps.jobs.models import Job
from apps.jobs.signals import job_retried, job_succeeded
from apps.training import services
from workers.contracts.job_kinds.preflight import PREFLIGHT
from workers.contracts.job_kinds.run import RUN


@receiver(job_succeeded)
def take_result(sender: type[Job], job: Job, **_: Any) -> None:
    if job.kind == PREFLIGHT.name:
        services.take_preflight(job)
    elif job.kind == RUN.name:
        services.take_run(job)


@receiver(job_retried)
def require_room_again(sender: type[Job], job: Job, **_: Any) -> None:
    services.require_rows(job)
    if job.kind == RUN.name:
        services.require_room_again(job)
