"""The members page: who is here, who is invited, and what each role may do."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.core.errors import NotVisible, UserError
from apps.core.listing import NEWEST, OLDEST, Filter, Listing, Sort
from apps.workspaces import access
from apps.workspaces.access import ALLOWED, DESCRIPTIONS, Action
from apps.workspaces.access.decorators import in_workspace
from apps.workspaces.access.rules import MANAGE, VIEW, rule
from apps.workspaces.forms import InvitationForm
from apps.workspaces.models import AuditEntry, Invitation, Membership, Role
from apps.workspaces.requests import WorkspaceRequest
from apps.workspaces.team import invitations, members
from apps.workspaces.views.inviting import create_from_form

LATEST_ENTRIES = 10
MEMBERS = Listing(
    searches=("user__email", "user__name"),
    sorts=(Sort("email", _l("E-mail address"), ("user__email",)), NEWEST, OLDEST),
    filters=(Filter("role", _l("Role"), Role.choices, lambda members, value: members.filter(role=value)),),
    prefix="members-",
)
INVITATIONS = Listing(searches=("email", "created_by__email"), sorts=(NEWEST, OLDEST), prefix="invitations-")


@rule(get=VIEW)
def detail(request: WorkspaceRequest) -> HttpResponse:
    """Members, invitations, roles, and what was done last."""
    return _page(request)


def _page(
    request: WorkspaceRequest, form: InvitationForm | None = None, status: int = 200, **context: Any
) -> HttpResponse:
    workspace = request.workspace
    given = access.roles_to_give(request.user, workspace)
    manages = access.can(request.user, workspace, Action.MANAGE)
    entries = AuditEntry.objects.filter(workspace=workspace).select_related("actor")[:LATEST_ENTRIES]
    invited = Invitation.objects.open().filter(workspace=workspace).select_related("created_by")
    context |= {
        "members": MEMBERS.read(request, workspace.memberships.select_related("user")),
        "given": given,
        "form": form or InvitationForm(roles=given),
        "invitations": INVITATIONS.read(request, invited if given else invited.none()),
        "entries": entries if manages else [],
        "roles": Role,
        "table": role_table(),
    }
    return render(request, "workspaces/detail.html", context, status=status)


def role_table() -> list[tuple[Any, list[tuple[str, bool]]]]:
    """What each role may do, from what decides: (action in words, [(role, whether it may)])."""
    return [
        (DESCRIPTIONS[action], [(role, action in ALLOWED[role]) for role in Role.values]) for action in Action
    ]


@rule(post=MANAGE)
def invite(request: WorkspaceRequest) -> HttpResponse:
    """Create an invitation. Its address is on the page that answers, and never again; with an e-mail address it is mailed."""
    workspace = request.workspace
    form = InvitationForm(request.POST, roles=access.roles_to_give(request.user, workspace))
    made = create_from_form(request, form, workspace=workspace)
    return _page(request, form, status=422) if made is None else _page(request, **made)


@rule(post=MANAGE, of="invitation")
@in_workspace()
def revoke_invitation(request: WorkspaceRequest, invitation: Invitation) -> HttpResponse:
    invitations.revoke_invitation(actor=request.user, invitation=invitation)
    return redirect("workspaces:detail")


@rule(post=MANAGE, of="membership", by_view=True)
@in_workspace()
def set_role(request: WorkspaceRequest, member_id: UUID) -> HttpResponse:
    membership = _member(request, member_id)
    role = request.POST.get("role", "")
    try:
        members.set_role(actor=request.user, membership=membership, role=role)
    except UserError as error:
        messages.error(request, str(error.message))
    return redirect("workspaces:detail")


@rule(post=MANAGE, of="membership", by_view=True)
@in_workspace()
def remove(request: WorkspaceRequest, member_id: UUID) -> HttpResponse:
    membership = _member(request, member_id)
    try:
        members.remove_member(actor=request.user, membership=membership)
    except UserError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s is no longer a member.") % {"name": membership.user.short_name})
    return redirect("workspaces:detail")


def _member(request: WorkspaceRequest, member_id: UUID) -> Membership:
    """A member of any workspace that the person may manage. Raises NotVisible."""
    found = Membership.objects.select_related("workspace", "user").filter(pk=member_id).first()
    if found is None:
        raise NotVisible
    access.require(request.user, found.workspace, Action.MANAGE)
    return found
