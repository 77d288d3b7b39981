"""Renaming, hiding, deleting."""

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.core.flash_messages import tell_archived
from apps.core.htmx import redirect, render_page
from apps.datasets import services
from apps.datasets.forms import DatasetForm
from apps.datasets.models import Dataset
from apps.workspaces.access.rules import EDIT, MAKER, rule
from apps.workspaces.requests import WorkspaceRequest


@rule(get=EDIT, post=EDIT, of="dataset")
def edit(request: WorkspaceRequest, dataset: Dataset) -> HttpResponse:
    form = DatasetForm(
        request.POST or None, initial={"name": dataset.name, "description": dataset.description}
    )
    save = partial(services.update_dataset, actor=request.user, dataset=dataset)
    if request.method == "POST" and form.is_taken_by(save):
        return redirect(request, "datasets:detail", dataset.pk)
    context = {"form": form, "dataset": dataset}
    return render_page(request, "datasets/edit.html", context, status=422 if form.errors else 200)


@rule(post=EDIT, of="dataset")
def archive(request: WorkspaceRequest, dataset: Dataset) -> HttpResponse:
    """Hide, or with archived=0 show again."""
    archived = request.POST.get("archived") != "0"
    services.set_archived(actor=request.user, dataset=dataset, archived=archived)
    tell_archived(request, dataset.name, archived=archived)
    return redirect(request, "datasets:detail", dataset.pk)


@rule(post=MAKER, of="dataset")
def delete(request: WorkspaceRequest, dataset: Dataset) -> HttpResponse:
    name = {"name": dataset.name}
    try:
        is_gone = services.delete_dataset(actor=request.user, dataset=dataset)
    except UserError as error:
        messages.error(request, str(error.message))
        return redirect(request, "datasets:detail", dataset.pk)
    if is_gone:
        messages.success(request, _("“%(name)s” was deleted and its disk space was freed.") % name)
        return redirect(request, "datasets:list")
    messages.success(
        request,
        _(
            "The rows of “%(name)s” were deleted and their disk space was freed. Everything made from them is kept."
        )
        % name,
    )
    return redirect(request, "datasets:detail", dataset.pk)
