"""An invitation from a form, for the pages that have one: members of a workspace, people of the studio."""

from typing import Any

from apps.core.errors import UserError
from apps.workspaces.forms import InvitationFields
from apps.workspaces.requests import WorkspaceRequest
from apps.workspaces.team import invitations


def create_from_form(
    request: WorkspaceRequest, form: InvitationFields, **fixed: Any
) -> dict[str, Any] | None:
    """Create and mail the invitation; return what workspaces/_invitation_link.html shows, this once.

    None where the form is wrong, with its errors in it.
    """
    if not form.is_valid():
        return None
    try:
        invitation, token = invitations.create_invitation(
            actor=request.user,
            **fixed,
            **form.cleaned_data,
        )
    except UserError as error:
        form.add_user_error(error)
        return None
    is_mailed = bool(invitation.email) and invitations.send_by_email(invitation, token)
    return {"address": invitations.address_of(token), "invited": invitation, "is_mailed": is_mailed}
