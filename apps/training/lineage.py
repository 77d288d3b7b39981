"""Where a run and its model come from, as links."""

from typing import Any

from django.urls import reverse

from apps.training.models import Run


def lineage_of(run: Run) -> list[dict[str, Any]]:
    """data version → base → run; the model follows once it is there."""
    version = run.dataset_version
    return [
        {
            "label": str(version),
            "url": reverse("datasets:detail", args=[version.dataset_id]),
            "icon": "database",
        },
        {
            "label": run.base_version.name,
            "url": reverse("catalog:detail", args=[run.base_version_id]),
            "icon": "seedling",
        },
        {"label": run.name, "url": "", "icon": "school"},
    ]
