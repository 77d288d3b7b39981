from django.apps import AppConfig
from django.urls import reverse

from workers.contracts.jobs import JobKind


class DatasetsConfig(AppConfig):
    name = "apps.datasets"
    label = "datasets"

    def ready(self) -> None:
        from apps.datasets import receivers  # noqa: F401  (connects them)
        from apps.jobs.links import register_page

        register_page(JobKind.IMPORT, lambda job: reverse("datasets:import", args=[job.dataset_import.pk]))
        register_page(
            JobKind.FREEZE, lambda job: reverse("datasets:detail", args=[job.dataset_version.dataset_id])
        )
