"""What WorkspaceMiddleware and `in_workspace` put on a request."""

from uuid import UUID

from apps.accounts.requests import SignedInRequest
from apps.workspaces.models import Membership, Workspace


class WorkspaceRequest(SignedInRequest):
    """`workspace` is there in views under `in_workspace` alone. `membership` is falsy for a person without one."""

    memberships: list[Membership]
    membership: Membership | None
    workspace: Workspace
    opened_workspace_id: UUID | None
    """The workspace of the object that the page is about (`access.open_object`)."""
