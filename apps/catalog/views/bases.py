"""Base models that the workspace brought."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.catalog import services
from apps.catalog.forms import BaseModelForm
from apps.catalog.models import BaseModel
from apps.core.errors import UserError
from apps.core.htmx import redirect, render_page
from apps.datasets.models import DatasetVersion
from apps.workspaces import access
from apps.workspaces.access.rules import EDIT, rule
from apps.workspaces.requests import WorkspaceRequest
from workers.contracts.families import Family


@rule(get=EDIT, post=EDIT)
def add(request: WorkspaceRequest) -> HttpResponse:
    """Then on to the wizard, with this base chosen and the data that ?data= names."""
    data = _asked_data(request)
    form = BaseModelForm(request.POST or None, families=data.task.families if data else list(Family))
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
            messages.success(
                request, _("“%(name)s” can now be chosen as a base model.") % {"name": base.name}
            )
            answers = {"base": base.choice} | ({"data": str(data.pk)} if data else {})
            return redirect(request, f"{reverse('training:new')}?{urlencode(answers)}")
    context = {"form": form, "model_roots": settings.MODEL_ROOTS, "data": data}
    return render_page(request, "catalog/base_new.html", context, status=422 if form.errors else 200)


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
    services.set_base_model_archived(actor=request.user, base_model=base, archived=archived)
    text = _("“%(name)s” is archived. It is no longer offered.") if archived else _("“%(name)s” is restored.")
    messages.success(request, text % {"name": base.name})
    return redirect(request, "catalog:list")
