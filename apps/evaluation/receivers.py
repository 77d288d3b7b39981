"""What evaluation makes of the end of its jobs."""

from typing import Any

from django.dispatch import receiver

from apps.evaluation import services
from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded
from workers.contracts.jobs import JobKind


@receiver(job_succeeded)
def take_result(sender: type[Job], job: Job, **_: Any) -> None:
    if job.kind == JobKind.EVALUATION:
        services.take_evaluation(job)
    elif job.kind == JobKind.COMPARISON:
        services.take_comparison(job)
