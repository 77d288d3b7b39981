"""Who may do what: the only place that decides."""

from enum import StrEnum
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils.translation import gettext as _

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


_EDITOR = {Action.VIEW, Action.EDIT, Action.PUBLISH}

ALLOWED: dict[str, set[Action]] = {
    Role.VIEWER: {Action.VIEW},
    Role.EDITOR: _EDITOR,
    Role.ADMIN: _EDITOR | {Action.MANAGE},
    Role.OWNER: _EDITOR | {Action.MANAGE, Action.OWN},
}


def can(user: User | AnonymousUser, workspace: Workspace, action: Action) -> bool:
    """Whether `user` may do `action` in `workspace`, with the key they came with taken into account."""
    if not user.is_authenticated:
        return False
    key: Any = getattr(user, "api_key", None)
    if key and (key.workspace_id != workspace.pk or (action != Action.VIEW and not key.can_write)):
        return False
    membership = Membership.objects.filter(user=user, workspace=workspace).first()
    return membership is not None and action in ALLOWED[membership.role]


def require(user: User | AnonymousUser, workspace: Workspace, action: Action) -> None:
    """Raises NotVisible (404) when `user` may not even see the workspace, PermissionDenied (403) when the role is too low."""
    if not can(user, workspace, Action.VIEW):
        raise NotVisible
    if action != Action.VIEW and not can(user, workspace, action):
        raise PermissionDenied(
            _("Your role in this workspace does not allow this. Ask an admin of the workspace.")
        )


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
    return found
