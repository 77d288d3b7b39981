"""Who may do what: the only place that decides."""

from enum import StrEnum
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.core.errors import NotVisible
from apps.workspaces.models import InWorkspace, Membership, Role, Workspace
from apps.workspaces.querysets import InWorkspaceQuerySet

Visible = TypeVar("Visible", bound=InWorkspace)


class Action(StrEnum):
    VIEW = "view"
    EDIT = "edit"
    """Upload, train, evaluate, make apps."""
    PUBLISH = "publish"
    """Open an app to people outside the workspace, and close it."""
    MANAGE = "manage"
    """Members, keys, deleting what others made."""
    OWN = "own"


DESCRIPTIONS: dict[Action, Promise] = {
    Action.VIEW: gettext_lazy("See everything in the workspace, try its models and apps"),
    Action.EDIT: gettext_lazy("Upload, train, evaluate, create apps and API keys"),
    Action.PUBLISH: gettext_lazy("Open an app to people outside, and close it"),
    Action.MANAGE: gettext_lazy(
        "Invite, change and remove members; rename the workspace; keep the Hub token; read the audit trail; delete what others created"
    ),
    Action.OWN: gettext_lazy("Make others owners, delete the workspace and restore it"),
}
"""The table that people read, in the words of the roles that decide."""

_EDITOR = {Action.VIEW, Action.EDIT, Action.PUBLISH}

ALLOWED: dict[str, set[Action]] = {
    Role.VIEWER: {Action.VIEW},
    Role.EDITOR: _EDITOR,
    Role.ADMIN: _EDITOR | {Action.MANAGE},
    Role.OWNER: _EDITOR | {Action.MANAGE, Action.OWN},
}


def can(user: User | AnonymousUser, workspace: Workspace, action: Action, *, role: str | None = None) -> bool:
    """Whether `user` may do `action` in `workspace`, with the key they came with taken into account.

    `role` is theirs there, where it was just read: it saves the query.
    """
    if not user.is_authenticated:
        return False
    key: Any = getattr(user, "api_key", None)
    if key and (key.workspace_id != workspace.pk or (action != Action.VIEW and not key.can_write)):
        return False
    role = role or role_of(user, workspace)
    return role is not None and action in ALLOWED[role]


def role_of(user: User | AnonymousUser, workspace: Workspace) -> str | None:
    """The role in a workspace that is open; None for people who do not belong to it, and once it was deleted."""
    if not user.is_authenticated:
        return None
    found = Membership.objects.filter(user=user, workspace=workspace, workspace__deleted_at=None)
    return found.values_list("role", flat=True).first()


def require(
    user: User | AnonymousUser, workspace: Workspace, action: Action, *, role: str | None = None
) -> None:
    """Raises NotVisible (404) when `user` may not even see the workspace, PermissionDenied (403) when the role is too low.

    `role` as for `can`.
    """
    if not can(user, workspace, Action.VIEW, role=role):
        raise NotVisible
    if action != Action.VIEW and not can(user, workspace, action, role=role):
        raise PermissionDenied(
            _("Your role in this workspace does not allow this. Ask an admin of the workspace.")
        )


def roles_to_give(user: User | AnonymousUser, workspace: Workspace) -> list[Role]:
    """The roles that `user` may give and take away, lowest first: none above their own."""
    own = role_of(user, workspace) if can(user, workspace, Action.MANAGE) else None
    return list(Role)[: list(Role).index(Role(own)) + 1] if own else []


def require_roles(user: User | AnonymousUser, workspace: Workspace, *roles: str) -> None:
    """For writes to members: NotVisible and PermissionDenied as `require`, the latter also for a role above one's own."""
    require(user, workspace, Action.MANAGE)
    if not set(roles) <= {str(role) for role in roles_to_give(user, workspace)}:
        raise PermissionDenied(_("Only an owner may do this to owners. Ask an owner of the workspace."))


def may_create_workspace(user: User | AnonymousUser) -> bool:
    if not user.is_authenticated or getattr(user, "api_key", None):
        return False
    return user.is_staff or not settings.WORKSPACES_BY_ADMINISTRATORS


def require_creation(user: User | AnonymousUser) -> None:
    if not may_create_workspace(user):
        raise PermissionDenied(_("Only an administrator makes new workspaces here."))


def require_restore(user: User | AnonymousUser, workspace: Workspace) -> None:
    """Bringing a deleted workspace back: an owner may, as long as it is not purged. Raises NotVisible."""
    if not user.is_authenticated or getattr(user, "api_key", None) or workspace.purged_at:
        raise NotVisible
    if not Membership.objects.filter(user=user, workspace=workspace, role=Role.OWNER).exists():
        raise NotVisible


def require_repair(user: User | AnonymousUser, workspace: Workspace) -> None:
    """Stopping a job or trying it again: an administrator may do that in every workspace, others need EDIT in theirs."""
    if user.is_authenticated and user.is_staff and getattr(user, "api_key", None) is None:
        return
    require(user, workspace, Action.EDIT)


def get_visible(
    queryset: "InWorkspaceQuerySet | models.QuerySet[Any]",
    user: User | AnonymousUser,
    action: Action = Action.VIEW,
    **lookup: Any,
) -> Any:
    """The one object of `queryset` that matches, if `user` may do `action` to it.

    Raises NotVisible when it is not there or not theirs to see, PermissionDenied when their role is too low.
    """
    try:
        found = queryset.visible_to(user).filter(**lookup).select_related("workspace").first()  # type: ignore[union-attr]
    except ValidationError:
        # What came in an address or a form as an id is none.
        found = None
    if found is None:
        raise NotVisible
    require(user, found.workspace, action)
    # The page shows this workspace (middleware), whichever one the person worked in before.
    user.looked_into = found.workspace_id  # type: ignore[union-attr]
    return found
