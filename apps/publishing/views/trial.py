"""Trying a model by hand beside the one it was trained from, before anything is published."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.catalog.lineage import lineage_of
from apps.catalog.models import ModelVersion
from apps.publishing.defaults import kind_of
from apps.publishing.limits import MOST_CHARACTERS
from apps.publishing.views.strings import page_strings
from apps.workspaces.access.rules import VIEW, rule


@rule(get=VIEW, of="model", related=("parent", "dataset_version__dataset", "run"))
def try_model(request: HttpRequest, model: ModelVersion) -> HttpResponse:
    """One input, two answers: of the model's base and of itself."""
    base = model.parent if model.parent and model.parent.is_ready else None
    context = {
        "model": model,
        "base": base,
        "lineage": lineage_of(model),
        "task": model.task,
        "most_characters": MOST_CHARACTERS,
        "page_data": {
            "socket": "/ws/try/",
            **kind_of(model).script_data(),
            "models": [str(version.pk) for version in (base, model) if version],
            "strings": page_strings(is_member=True),
        },
    }
    return render(request, "publishing/try.html", context)
