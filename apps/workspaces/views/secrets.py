"""What the workspace keeps to itself: its token for the Hub. It is written here and never shown."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.workspaces.access.decorators import in_workspace
from apps.workspaces.access.rules import MANAGE, rule
from apps.workspaces.forms import SecretForm
from apps.workspaces.models import WorkspaceSecret
from apps.workspaces.requests import WorkspaceRequest
from apps.workspaces.team import secrets


@rule(get=MANAGE, post=MANAGE)
def hub_token(request: WorkspaceRequest) -> HttpResponse:
    """POST sets or replaces it."""
    workspace, kind = request.workspace, WorkspaceSecret.Kind.HUB_TOKEN
    form = SecretForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            secrets.set_secret(
                actor=request.user,
                workspace=workspace,
                kind=kind,
                value=form.cleaned_data["value"],
            )
        except UserError as error:
            form.add_user_error(error)
        else:
            messages.success(
                request, _("The token is saved. Pre-flights use it to fetch models from the Hub.")
            )
            return redirect("workspaces:hub_token")
    kept = WorkspaceSecret.objects.in_workspace(workspace).filter(kind=kind).select_related("created_by")
    context = {"form": form, "secret": kept.first()}
    return render(request, "workspaces/hub_token.html", context, status=422 if form.errors else 200)


@rule(post=MANAGE, of="secret")
@in_workspace()
def remove(request: WorkspaceRequest, secret: WorkspaceSecret) -> HttpResponse:
    secrets.remove_secret(actor=request.user, secret=secret)
    messages.success(request, _("The token is removed."))
    return redirect("workspaces:hub_token")
