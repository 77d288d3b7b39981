"""What becomes of the results of import and freeze jobs, and the pages that show them."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from apps.accounts.models import User
from apps.datasets import services
from apps.datasets.models import Import
from apps.jobs.job_pages import register_page
from apps.jobs.models import Job
from apps.jobs.signals import job_retried, job_succeeded, receives
from workers.contracts.job_kinds.freezing import FREEZE
from workers.contracts.job_kinds.importing import IMPORT

register_page(IMPORT, "dataset_import", lambda made: reverse("datasets:import", args=[made.pk]))
register_page(FREEZE, "dataset_version", lambda version: version.get_absolute_url())


@receives(job_succeeded, IMPORT)
def take_import(job: Job) -> None:
    services.take_import_result(job=job)


@receives(job_succeeded, FREEZE)
def take_freeze(job: Job) -> None:
    services.take_freeze_result(job=job)


@receiver(job_retried)
def count_fetch_again(sender: type[Job], job: Job, actor: User, **_: Any) -> None:
    """What was not fetched yet is asked for at its address again."""
    if Import.objects.filter(job=job).exclude(address_encrypted="").exists():
        services.count_fetch(actor)
