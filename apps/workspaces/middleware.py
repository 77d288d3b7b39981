"""Puts the workspace that the person is in on the request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.workspaces.models import Membership

SESSION_KEY = "workspace"


def _memberships(request: HttpRequest) -> list[Membership]:
    if not request.user.is_authenticated:
        return []
    own = Membership.objects.filter(user=request.user, workspace__deleted_at=None)
    return list(own.select_related("workspace").order_by("created_at"))


def _membership(request: HttpRequest) -> Membership | None:
    memberships: list[Membership] = request.memberships  # type: ignore[attr-defined]
    chosen = request.session.get(SESSION_KEY) if memberships else None
    return next(
        (m for m in memberships if str(m.workspace_id) == chosen), memberships[0] if memberships else None
    )


class WorkspaceMiddleware:
    """Sets `request.memberships` (of open workspaces) and `request.membership`, the one that the person is in.

    Lazily: a page that does not ask costs no query. Both are falsy without one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.memberships = SimpleLazyObject(lambda: _memberships(request))  # type: ignore[attr-defined]
        request.membership = SimpleLazyObject(lambda: _membership(request))  # type: ignore[attr-defined]
        return self.get_response(request)
