"""What becomes of the results of export jobs, and the page that shows one."""

from django.urls import reverse

from apps.catalog.models import Export
from apps.jobs.job_pages import register_page
from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded, receives
from apps.workspaces import usage
from workers.contracts.job_kinds.export import EXPORT, ExportResult

register_page(EXPORT, "export", lambda export: reverse("catalog:detail", args=[export.model_version_id]))


@receives(job_succeeded, EXPORT)
def take_export(job: Job) -> None:
    result = ExportResult.model_validate(job.result)
    export = Export.objects.select_related("workspace").get(job=job)
    export.result = result.model_dump(mode="json")
    export.save(update_fields=["result"])
    usage.set_stored(workspace=export.workspace, source=export, amount=result.bytes)
