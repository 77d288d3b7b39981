"""Renaming, hiding, deleting."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import UserError
from apps.core.flash_messages import tell_archived
from apps.core.htmx import redirect, render_page
from apps.datasets import services
from apps.datasets.forms import DatasetForm
from apps.datasets.models import Dataset
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.requests import WorkspaceRequest


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    dataset = access.open_object(request, Dataset.objects.all(), Action.EDIT, pk=pk)
    form = DatasetForm(
        request.POST or None, initial={"name": dataset.name, "description": dataset.description}
    )
    save = partial(services.update_dataset, actor=request.user, dataset=dataset)
    if request.method == "POST" and form.is_taken_by(save):
        return redirect(request, "datasets:detail", pk)
    context = {"form": form, "dataset": dataset}
    return render_page(request, "datasets/edit.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def archive(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """Hide, or with archived=0 show again."""
    dataset = access.open_object(request, Dataset.objects.all(), Action.EDIT, pk=pk)
    archived = request.POST.get("archived") != "0"
    services.set_archived(actor=request.user, dataset=dataset, archived=archived)
    tell_archived(request, dataset.name, archived=archived)
    return redirect(request, "datasets:detail", pk)


@require_POST
@login_required
def delete(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    dataset = access.open_object(request, Dataset.objects.all(), Action.EDIT, pk=pk)
    name = {"name": dataset.name}
    try:
        is_gone = services.delete_dataset(actor=request.user, dataset=dataset)
    except UserError as error:
        messages.error(request, str(error.message))
        return redirect(request, "datasets:detail", pk)
    if is_gone:
        messages.success(request, _("“%(name)s” was deleted and its disk freed.") % name)
        return redirect(request, "datasets:list")
    messages.success(
        request,
        _("The rows of “%(name)s” were deleted and their disk freed; what was made from them stays.") % name,
    )
    return redirect(request, "datasets:detail", pk)
