"""News from below: a parity check that ended."""

from typing import Any

from django.dispatch import receiver

from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded
from apps.publishing.services.apps import store_parity
from workers.contracts.jobs import JobKind


@receiver(job_succeeded)
def take_parity(job: Job, **_: Any) -> None:
    if job.kind == JobKind.PARITY:
        store_parity(job)
