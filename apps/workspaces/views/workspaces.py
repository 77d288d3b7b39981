"""All of a person's workspaces: making, switching, settings, leaving, deleting, bringing back."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.core.choices import pick
from apps.core.errors import NotVisible, UserError
from apps.core.listing import Listing, Sort
from apps.workspaces import access
from apps.workspaces.access.middleware import SESSION_KEY
from apps.workspaces.access.rules import MANAGE, OWN, SIGN_IN, VIEW, rule
from apps.workspaces.forms import DeleteForm, HandOverForm, NameForm
from apps.workspaces.models import Membership, Role, Workspace
from apps.workspaces.requests import WorkspaceRequest
from apps.workspaces.team import lifecycle, members

_BY_NAME = (Sort("name", _l("Name"), ("workspace__name", "pk")),)
JOINED = Listing(searches=("workspace__name",), sorts=_BY_NAME)
DELETED = Listing(searches=("workspace__name",), sorts=_BY_NAME, prefix="deleted-")


@rule(get=SIGN_IN)
def all_workspaces(request: WorkspaceRequest) -> HttpResponse:
    """Where this person belongs, and what they deleted and can still bring back."""
    return _list(request, NameForm())


def _list(request: WorkspaceRequest, form: NameForm, status: int = 200) -> HttpResponse:
    own = Membership.objects.filter(user=request.user).select_related("workspace")
    context = {
        "form": form,
        "may_create": access.may_create_workspace(request.user),
        "list": JOINED.read(request, own.filter(workspace__deleted_at=None)),
        "deleted": DELETED.read(
            request,
            own.filter(role=Role.OWNER, workspace__deleted_at__isnull=False, workspace__purged_at=None),
        ),
        "grace_days": settings.WORKSPACE_GRACE_DAYS,
    }
    return render(request, "workspaces/all.html", context, status=status)


@rule(post=SIGN_IN)
def create(request: WorkspaceRequest) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    workspace = lifecycle.create_workspace(actor=request.user, name=form.cleaned_data["name"])
    request.session[SESSION_KEY] = str(workspace.pk)
    return redirect("home:home")


@rule(post=VIEW, names={"workspace": "workspace"}, by_view=True)
def switch(request: WorkspaceRequest) -> HttpResponse:
    """Work in another of one's workspaces from now on."""
    try:
        found = (
            Workspace.objects.visible_to(request.user).filter(pk=request.POST.get("workspace", "")).first()
        )
    except ValidationError:
        found = None
    if found is None:
        raise NotVisible
    request.session[SESSION_KEY] = str(found.pk)
    return redirect("home:home")


@rule(get=VIEW, post=MANAGE)
def workspace_settings(request: WorkspaceRequest) -> HttpResponse:
    """The name, handing over, leaving and deleting. POST renames."""
    workspace = request.workspace
    form = NameForm(request.POST or None, initial={"name": workspace.name})
    if request.method == "POST" and form.is_valid():
        lifecycle.rename_workspace(actor=request.user, workspace=workspace, name=form.cleaned_data["name"])
        messages.success(request, _("Renamed."))
        return redirect("workspaces:settings")
    return _settings(request, name_form=form, status=422 if form.errors else 200)


def _settings(
    request: WorkspaceRequest,
    *,
    name_form: NameForm | None = None,
    hand_over_form: HandOverForm | None = None,
    delete_form: DeleteForm | None = None,
    status: int = 200,
) -> HttpResponse:
    workspace = request.workspace
    own = Membership.objects.get(workspace=workspace, user=request.user)
    hand_over = hand_over_form or HandOverForm(workspace=workspace, user=request.user)
    member: Any = hand_over.fields["member"]
    sent = request.POST.get("member") or request.GET.get("member")
    pick(
        request,
        "member",
        member.queryset,
        searches=("user__email", "user__name"),
        chosen=[sent] if sent else [],
    ).offer(member, lambda one: f"{one.user.short_name} ({one.user.email})")
    member.choices = [("", _("Choose a member")), *member.choices]
    context = {
        "name_form": name_form or NameForm(initial={"name": workspace.name}),
        "hand_over_form": hand_over,
        "delete_form": delete_form or DeleteForm(),
        "grace_days": settings.WORKSPACE_GRACE_DAYS,
        "is_last_owner": members.is_last_owner(own),
    }
    return render(request, "workspaces/settings.html", context, status=status)


@rule(post=VIEW)
def leave(request: WorkspaceRequest) -> HttpResponse:
    workspace = request.workspace
    try:
        members.leave(actor=request.user, workspace=workspace)
    except UserError as error:
        messages.error(request, str(error.message))
        return redirect("workspaces:settings")
    messages.success(request, _("You left “%(workspace)s”.") % {"workspace": workspace.name})
    return redirect("workspaces:all")


@rule(post=OWN, names={"member": "membership"})
def hand_over(request: WorkspaceRequest) -> HttpResponse:
    workspace = request.workspace
    form = HandOverForm(request.POST, workspace=workspace, user=request.user)
    if not form.is_valid():
        return _settings(request, hand_over_form=form, status=422)
    members.transfer_ownership(actor=request.user, membership=form.cleaned_data["member"])
    messages.success(request, _("The workspace has a new owner. You are now an admin."))
    return redirect("workspaces:detail")


@rule(post=OWN)
def delete(request: WorkspaceRequest) -> HttpResponse:
    workspace, form = request.workspace, DeleteForm(request.POST)
    if form.is_valid():
        try:
            lifecycle.delete_workspace(
                actor=request.user,
                workspace=workspace,
                typed_name=form.cleaned_data["typed_name"],
            )
        except UserError as error:
            form.add_user_error(error)
    if form.errors:
        return _settings(request, delete_form=form, status=422)
    return redirect("workspaces:all")


@rule(post=OWN, of="deleted_workspace", hides=True, by_view=True)
def restore(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        raise NotVisible
    lifecycle.restore_workspace(actor=request.user, workspace=workspace)
    request.session[SESSION_KEY] = str(workspace.pk)
    messages.success(request, _("“%(workspace)s” is restored.") % {"workspace": workspace.name})
    return redirect("home:home")
