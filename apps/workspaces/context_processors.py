"""What every page may ask about the workspace it is in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.workspaces.access import ALLOWED, Action


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`membership` (or None) and `may`, a set of action names that its role allows."""
    membership = getattr(request, "membership", None)
    return {
        "membership": membership,
        "may": SimpleLazyObject(
            lambda: {str(action) for action in (ALLOWED[membership.role] if membership else set[Action]())}
        ),
    }
