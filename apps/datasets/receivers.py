"""What becomes of the results of import and freeze jobs."""

from typing import Any

from django.dispatch import receiver

from apps.datasets import services
from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded
from workers.contracts.jobs import JobKind


@receiver(job_succeeded)
def take_result(sender: type[Job], job: Job, **_: Any) -> None:
    if job.kind == JobKind.IMPORT:
        services.take_import_result(job=job)
    elif job.kind == JobKind.FREEZE:
        services.take_freeze_result(job=job)
