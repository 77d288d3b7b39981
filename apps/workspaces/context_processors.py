"""What every page may ask about the workspace it is in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.workspaces.access import ALLOWED, Action
from apps.workspaces.usage.report import tight_meters


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`membership` (or None), `may`, a set of action names that its role allows, and `tight`, the meters of what is
    nearly used up, counted where a page asks for them."""
    membership = getattr(request, "membership", None)
    return {
        "membership": membership,
        "memberships": getattr(request, "memberships", []),
        "tight": SimpleLazyObject(lambda: tight_meters(membership.workspace) if membership else []),
        "may": SimpleLazyObject(
            lambda: {str(action) for action in (ALLOWED[membership.role] if membership else set[Action]())}
        ),
    }
