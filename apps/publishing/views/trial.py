"""Trying a model by hand beside the one it was trained from, before anything is published."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.catalog.lineage import lineage_of
from apps.catalog.models import ModelVersion
from apps.publishing.defaults import app_type_of
from apps.publishing.models import AppType
from apps.publishing.views.strings import page_strings
from apps.workspaces import access


@require_GET
@login_required
def try_model(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """One input, two answers: of the model's base and of itself."""
    models = ModelVersion.objects.select_related("parent", "dataset_version__dataset", "run")
    model = access.open_object(request, models, pk=model_id)
    base = model.parent if model.parent and model.parent.is_ready else None
    app_type = app_type_of(model)
    context = {
        "model": model,
        "base": base,
        "lineage": lineage_of(model),
        "task": model.task,
        "is_classification": app_type == AppType.CLASSIFICATION,
        "page_data": {
            "socket": "/ws/try/",
            "app_type": app_type,
            "models": [str(version.pk) for version in (base, model) if version],
            "strings": page_strings(is_member=True),
        },
    }
    return render(request, "publishing/try.html", context)
