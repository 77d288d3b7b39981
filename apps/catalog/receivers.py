"""What becomes of the results of export jobs."""

from typing import Any

from django.dispatch import receiver

from apps.catalog.models import Export
from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded
from apps.workspaces import usage
from workers.contracts.job_kinds.export import EXPORT, ExportResult


@receiver(job_succeeded)
def take_export(sender: type[Job], job: Job, **_: Any) -> None:
    if job.kind == EXPORT.name:
        result = ExportResult.model_validate(job.result)
        export = Export.objects.select_related("workspace").get(job=job)
        export.result = result.model_dump(mode="json")
        export.save(update_fields=["result"])
        usage.set_stored(workspace=export.workspace, source=export, amount=result.bytes)
