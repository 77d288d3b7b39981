"""What becomes of the results of import and freeze jobs."""

from typing import Any

from django.dispatch import receiver

from apps.accounts.models import User
from apps.datasets import services
from apps.datasets.models import Import
from apps.jobs.models import Job
from apps.jobs.signals import job_retried, job_succeeded
from workers.contracts.job_kinds.freezing import FREEZE
from workers.contracts.job_kinds.importing import IMPORT


@receiver(job_succeeded)
def take_result(sender: type[Job], job: Job, **_: Any) -> None:
    if job.kind == IMPORT.name:
        services.take_import_result(job=job)
    elif job.kind == FREEZE.name:
        services.take_freeze_result(job=job)


@receiver(job_retried)
def count_fetch_again(sender: type[Job], job: Job, actor: User, **_: Any) -> None:
    """What was not fetched yet is asked for at its address again."""
    if Import.objects.filter(job=job).exclude(address_encrypted="").exists():
        services.count_fetch(actor)
