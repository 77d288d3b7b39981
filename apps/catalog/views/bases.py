"""Base models that the workspace brought."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.catalog import services
from apps.catalog.forms import BaseModelForm
from apps.catalog.models import BaseModel
from apps.core.errors import UserError
from apps.core.htmx import redirect, render_page
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.decorators import in_workspace


@require_http_methods(["GET", "POST"])
@in_workspace(Action.EDIT)
def add(request: HttpRequest) -> HttpResponse:
    form = BaseModelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            base = services.add_base_model(
                actor=request.user,  # type: ignore[arg-type]
                workspace=request.workspace,  # type: ignore[attr-defined]
                **form.cleaned_data,
            )
        except UserError as error:
            form.add_user_error(error)
        else:
            messages.success(request, _("“%(name)s” can now be chosen when training.") % {"name": base.name})
            return redirect(request, "catalog:list")
    context = {"form": form, "model_roots": settings.MODEL_ROOTS}
    return render_page(request, "catalog/base_new.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def archive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hide, or with archived=0 show again."""
    base = access.get_visible(BaseModel.objects.all(), request.user, Action.EDIT, pk=pk)
    archived = request.POST.get("archived") != "0"
    services.set_base_model_archived(actor=request.user, base_model=base, archived=archived)  # type: ignore[arg-type]
    text = _("“%(name)s” is no longer offered.") if archived else _("“%(name)s” is offered again.")
    messages.success(request, text % {"name": base.name})
    return redirect(request, "catalog:list")
