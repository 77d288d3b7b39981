"""Who may do what: the permissions, where they are enforced, and how open connections follow a change."""

from apps.workspaces.access.permissions import (
    ALLOWED,
    DESCRIPTIONS,
    Action,
    can,
    get_inner,
    get_visible,
    may_create_workspace,
    open_object,
    require,
    require_creation,
    require_repair,
    require_restore,
    require_roles,
    role_of,
    roles_to_give,
    show_workspace_of,
)

__all__ = [
    "ALLOWED",
    "DESCRIPTIONS",
    "Action",
    "can",
    "get_inner",
    "get_visible",
    "may_create_workspace",
    "open_object",
    "require",
    "require_creation",
    "require_repair",
    "require_restore",
    "require_roles",
    "role_of",
    "roles_to_give",
    "show_workspace_of",
]
