from django.apps import AppConfig
from django.urls import reverse

from workers.contracts.jobs import JobKind


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    label = "catalog"

    def ready(self) -> None:
        from apps.catalog import receivers  # noqa: F401  (connects them)
        from apps.jobs.job_pages import register_page

        register_page(
            JobKind.EXPORT,
            "export",
            lambda export: reverse("catalog:detail", args=[export.model_version_id]),
        )
