"""Base models that the workspace brought."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.catalog import services
from apps.catalog.base_cards import LocalCard, base_cards, free_training_memory, local_cards, packaged_cards
from apps.catalog.forms import BaseModelForm, ModelUploadForm
from apps.catalog.hub_cards import filters_of, find_on_hub, hub_card, query_from
from apps.catalog.local_models import add_local_base, add_uploaded_base, delete_uploaded_base
from apps.catalog.models import BaseModel
from apps.core.errors import UserError
from apps.core.htmx import redirect, render_page
from apps.core.listing import MAX_SEARCH_CHARACTERS
from apps.datasets.models import DatasetVersion
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.access.rules import EDIT, MAKER, VIEW, rule
from apps.workspaces.requests import WorkspaceRequest
from workers.contracts.families import Family
from workers.contracts.recommended import recommended_bases
from workers.contracts.tasks import Task


@rule(get=EDIT, post=EDIT)
def add(request: WorkspaceRequest) -> HttpResponse:
    """Then on to the wizard, with this base chosen and the data that ?data= names."""
    data = _asked_data(request)
    form = BaseModelForm(request.POST or None, families=_families(data))
    if request.method == "POST" and form.is_valid():
        try:
            base = services.add_base_model(
                actor=request.user,
                workspace=request.workspace,
                **form.cleaned_data,
            )
        except UserError as error:
            form.add_user_error(error)
        else:
            return _to_the_wizard(request, base, data)
    context = {"form": form, "model_roots": settings.MODEL_ROOTS, "data": data}
    return render_page(request, "catalog/base_new.html", context, status=422 if form.errors else 200)


def _families(data: DatasetVersion | None) -> list[Family]:
    """The kinds of models that can come from elsewhere: all, or those that can learn from the data."""
    return [family for family in (data.task.families if data else Family) if family.is_transformer]


def _to_the_wizard(request: WorkspaceRequest, base: BaseModel, data: DatasetVersion | None) -> HttpResponse:
    messages.success(request, _("“%(name)s” can now be chosen as a base model.") % {"name": base.name})
    answers = {"base": base.choice} | ({"data": str(data.pk)} if data else {})
    return redirect(request, f"{reverse('training:new')}?{urlencode(answers)}")


@rule(get=VIEW, post=EDIT)
def recommended(request: WorkspaceRequest) -> HttpResponse:
    """Cards of the recommended bases, of all or of those that can learn from the data that ?data= names; or what a search
    of the Hub finds.

    A chosen one is added to the workspace's base models. Then on to the wizard, as from `add`.
    """
    data = _asked_data(request)
    if request.method == "POST":
        try:
            base = _add_chosen(request)
        except UserError as error:
            messages.error(request, str(error))
            return redirect(request, request.get_full_path())
        return _to_the_wizard(request, base, data)
    free_bytes = free_training_memory()
    task = data.task if data else None
    query, found = query_from(request.GET), None
    if query.text and access.can(request.user, request.workspace, Action.EDIT):
        found = find_on_hub(query, task, free_bytes, actor=request.user, workspace=request.workspace)
    context = {
        "cards": base_cards(task, free_bytes) if found is None else [],
        "packaged": packaged_cards(task, free_bytes) if found is None else [],
        "local": _local_cards(request, task) if found is None else [],
        "model_roots": settings.MODEL_ROOTS,
        "free_bytes": free_bytes,
        "data": data,
        "is_unchecked": any(base.checked is None for base in recommended_bases()),
        "query": query,
        "most_characters": MAX_SEARCH_CHARACTERS,
        "filters": filters_of(request.GET),
        "found": found,
    }
    return render_page(request, "catalog/recommended.html", context)


@rule(get=EDIT, post=EDIT)
def upload(request: WorkspaceRequest) -> HttpResponse:
    """A model as a zip archive. Then on to the wizard, as from `add`."""
    data = _asked_data(request)
    form = ModelUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            base = add_uploaded_base(
                actor=request.user,
                workspace=request.workspace,
                file=file,
                filename=file.name,
                name=form.cleaned_data["name"].strip(),
            )
        except UserError as error:
            form.add_user_error(error)
        else:
            return _to_the_wizard(request, base, data)
    context = {"form": form, "data": data, "limit_mb": settings.UPLOAD_LIMIT_MB}
    return render_page(request, "catalog/base_upload.html", context, status=422 if form.errors else 200)


@rule(post=MAKER, of="base_model")
def delete(request: WorkspaceRequest, base: BaseModel) -> HttpResponse:
    """Delete the files of an uploaded model."""
    try:
        delete_uploaded_base(actor=request.user, base_model=base)
    except UserError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” is deleted.") % {"name": base.name})
    return redirect(request, "catalog:list")


def _add_chosen(request: WorkspaceRequest) -> BaseModel:
    """Add the model whose button was pressed: one of the Hub, or one in a folder. Raises UserError."""
    chosen: dict[str, Any] = {"actor": request.user, "workspace": request.workspace}
    if folder := request.POST.get("folder"):
        return add_local_base(**chosen, folder=folder)
    return services.add_hub_base(
        **chosen, hub_id=request.POST.get("hub_id", ""), revision=request.POST.get("revision", "")
    )


def _local_cards(request: WorkspaceRequest, task: Task | None) -> list[LocalCard]:
    """Models in folders of the server, for those who may add them."""
    is_editor = access.can(request.user, request.workspace, Action.EDIT)
    return local_cards(settings.MODEL_ROOTS, task) if is_editor else []


@rule(get=EDIT)
def hub_model(request: WorkspaceRequest) -> HttpResponse:
    """One model of the Hub before it is added: what it holds, its size, and what keeps it from being a base."""
    data, hub_id = _asked_data(request), request.GET.get("id", "").strip()
    context: dict[str, Any] = {"data": data, "hub_id": hub_id}
    try:
        model = services.find_hub_model(
            actor=request.user,
            workspace=request.workspace,
            hub_id=hub_id,
            revision=request.GET.get("revision", "").strip(),
        )
        context["card"] = hub_card(model, data.task if data else None, free_training_memory())
    except UserError as error:
        context["problem"] = str(error)
    return render_page(request, "catalog/hub_model.html", context)


def _asked_data(request: WorkspaceRequest) -> DatasetVersion | None:
    """The data that the model is brought for. Raises NotVisible when it is not there."""
    version_id = request.GET.get("data")
    if not version_id:
        return None
    found: DatasetVersion = access.open_object(request, DatasetVersion.objects.all(), pk=version_id)
    return found


@rule(post=EDIT, of="base_model")
def archive(request: WorkspaceRequest, base: BaseModel) -> HttpResponse:
    """Hide, or with archived=0 show again."""
    archived = request.POST.get("archived") != "0"
    try:
        services.set_base_model_archived(actor=request.user, base_model=base, archived=archived)
    except UserError as error:
        messages.error(request, str(error))
        return redirect(request, "catalog:list")
    text = _("“%(name)s” is archived. It is no longer offered.") if archived else _("“%(name)s” is restored.")
    messages.success(request, text % {"name": base.name})
    return redirect(request, "catalog:list")
