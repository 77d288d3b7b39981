"""What evaluation makes of the end of its jobs."""

from typing import Any

from django.dispatch import receiver

from apps.datasets.services import keeping as datasets
from apps.evaluation import services
from apps.evaluation.models import Evaluation
from apps.jobs import accelerator_quota
from apps.jobs.models import Job
from apps.jobs.signals import job_retried, job_succeeded
from workers.contracts.job_kinds.comparison import COMPARISON
from workers.contracts.job_kinds.evaluation import EVALUATION


@receiver(job_succeeded)
def take_result(sender: type[Job], job: Job, **_: Any) -> None:
    if job.kind == EVALUATION.name:
        services.take_evaluation(job)
    elif job.kind == COMPARISON.name:
        services.take_comparison(job)


@receiver(job_retried)
def promise_hours_again(sender: type[Job], job: Job, **_: Any) -> None:
    """Raises UserError when the rows that are answered were deleted."""
    for evaluation in Evaluation.objects.select_related("dataset_version").filter(job=job):
        datasets.hold_version(evaluation.dataset_version)
        accelerator_quota.promise(job, source=evaluation)
