"""Where a model comes from: base, data, run, itself."""

from django.urls import NoReverseMatch, reverse

from apps.catalog.models import ModelVersion


def lineage_of(version: ModelVersion) -> list[dict[str, str]]:
    """Steps for templates/ui/lineage.html, oldest first."""
    steps = []
    if version.parent:
        steps.append(_step(version.parent.name, "catalog:detail", version.parent_id, "seedling"))
    elif version.kind == ModelVersion.Kind.TUNED:
        steps.append({"label": version.origin_label, "url": "", "icon": "seedling"})
    if version.dataset_version:
        data = version.dataset_version
        steps.append({"label": str(data), "url": data.get_absolute_url(), "icon": "database"})
    run = getattr(version, "run", None)
    if run is not None:
        steps.append(_step(run.name, "training:detail", run.pk, "school"))
    steps.append(_step(version.name, "catalog:detail", version.pk, "brain"))
    return steps


def _step(label: str, url_name: str, pk: object, icon: str) -> dict[str, str]:
    try:
        url = reverse(url_name, args=[pk])
    except NoReverseMatch:
        url = ""
    return {"label": label, "url": url, "icon": icon}
