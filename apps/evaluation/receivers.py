"""What evaluation makes of the end of its jobs, and the pages that show them."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from apps.datasets.services import keeping as datasets
from apps.evaluation import services
from apps.evaluation.models import Evaluation
from apps.jobs import accelerator_quota
from apps.jobs.job_pages import register_page
from apps.jobs.models import Job
from apps.jobs.signals import job_retried, job_succeeded, receives
from workers.contracts.job_kinds.comparison import COMPARISON
from workers.contracts.job_kinds.evaluation import EVALUATION

register_page(EVALUATION, "evaluation", lambda made: reverse("evaluation:detail", args=[made.pk]))
register_page(COMPARISON, "comparison", lambda made: reverse("evaluation:comparison", args=[made.pk]))


@receives(job_succeeded, EVALUATION)
def take_evaluation(job: Job) -> None:
    services.take_evaluation(job)


@receives(job_succeeded, COMPARISON)
def take_comparison(job: Job) -> None:
    services.take_comparison(job)


@receiver(job_retried)
def promise_hours_again(sender: type[Job], job: Job, **_: Any) -> None:
    """Raises UserError when the rows that are answered were deleted."""
    for evaluation in Evaluation.objects.select_related("dataset_version").filter(job=job):
        datasets.hold_version(evaluation.dataset_version)
        accelerator_quota.promise(job, source=evaluation)
