"""Who may do what: the only place that decides."""

from enum import StrEnum
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.core.errors import NotVisible
from apps.workspaces.models import InWorkspace, Membership, Role, Workspace
from apps.workspaces.querysets import InWorkspaceQuerySet
from apps.workspaces.requests import WorkspaceRequest

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
    Action.PUBLISH: gettext_lazy("Publish apps, create and revoke share links"),
    Action.MANAGE: gettext_lazy(
        "Invite, change and remove members; rename the workspace; manage the Hub token; read the audit trail; delete what others created"
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
    return _allows(user, workspace, action, role or role_of(user, workspace))


def _allows(user: User | AnonymousUser, workspace: Workspace, action: Action, role: str | None) -> bool:
    key: Any = getattr(user, "api_key", None)
    if key and (key.workspace_id != workspace.pk or (action != Action.VIEW and not key.can_write)):
        return False
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
    role = role or role_of(user, workspace)
    if not _allows(user, workspace, Action.VIEW, role):
        raise NotVisible
    if not _allows(user, workspace, action, role):
        raise PermissionDenied(
            _("Your role in this workspace does not allow this. Ask an admin of the workspace.")
        )


def roles_to_give(user: User | AnonymousUser, workspace: Workspace, *, role: str | None = None) -> list[Role]:
    """The roles that `user` may give and take away, lowest first: none above their own. `role` as for `can`."""
    own = role or role_of(user, workspace)
    if own is None or not _allows(user, workspace, Action.MANAGE, own):
        return []
    return list(Role)[: list(Role).index(Role(own)) + 1]


def require_roles(user: User | AnonymousUser, workspace: Workspace, *roles: str) -> None:
    """For writes to members: NotVisible and PermissionDenied as `require`, the latter also for a role above one's own."""
    own = role_of(user, workspace)
    require(user, workspace, Action.MANAGE, role=own)
    if not set(roles) <= {str(role) for role in roles_to_give(user, workspace, role=own)}:
        raise PermissionDenied(_("Only an owner may do this to owners. Ask an owner of the workspace."))


def may_create_workspace(user: User | AnonymousUser) -> bool:
    if not user.is_authenticated or getattr(user, "api_key", None):
        return False
    return user.is_staff or not settings.WORKSPACES_BY_ADMINISTRATORS


def require_creation(user: User | AnonymousUser) -> None:
    if not may_create_workspace(user):
        raise PermissionDenied(_("Only an administrator can create workspaces here."))


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
    """The one object of `queryset` that matches, if `user` may do `action` to it. Its query reads their role, too.

    Raises NotVisible when it is not there or not theirs to see, PermissionDenied when their role is too low.
    """
    if not user.is_authenticated:
        raise NotVisible
    own = Membership.objects.filter(user=user, workspace=OuterRef("workspace")).values("role")
    visible = queryset.visible_to(user).annotate(own_role=Subquery(own))  # type: ignore[union-attr]
    try:
        found = visible.filter(**lookup).select_related("workspace").first()
    except ValidationError:
        # What came in an address or a form as an id is none.
        found = None
    if found is None:
        raise NotVisible
    require(user, found.workspace, action, role=found.own_role)
    return found


def get_inner(queryset: "models.QuerySet[Any]", pk: Any) -> Any:
    """The row with this id among those of an object whose access is already checked. Raises NotVisible."""
    try:
        found = queryset.filter(pk=pk).select_related("workspace").first()
    except ValidationError:
        found = None
    if found is None:
        raise NotVisible
    return found


def open_object(
    request: HttpRequest, queryset: "models.QuerySet[Any]", action: Action = Action.VIEW, **lookup: Any
) -> Any:
    """The object that a page is about, found as by `get_visible`; the page shows its workspace."""
    found = get_visible(queryset, request.user, action, **lookup)
    show_workspace_of(request, found)
    return found


def show_workspace_of(request: HttpRequest, found: InWorkspace) -> None:
    """Make the page show the workspace of `found`, whichever one the person worked in before.

    A GET of a whole page moves them there (`access.middleware`).
    """
    cast("WorkspaceRequest", request).opened_workspace_id = found.workspace_id
