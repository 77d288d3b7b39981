"""Puts the workspace that the person is in on the request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.workspaces.models import Membership

SESSION_KEY = "workspace"


def _membership(request: HttpRequest) -> Membership | None:
    if not request.user.is_authenticated:
        return None
    memberships = list(
        Membership.objects.filter(user=request.user).select_related("workspace").order_by("created_at")
    )
    chosen = request.session.get(SESSION_KEY)
    return next(
        (m for m in memberships if str(m.workspace_id) == chosen), memberships[0] if memberships else None
    )


class WorkspaceMiddleware:
    """Sets `request.membership`, lazily: a page that does not ask costs no query. It is falsy without one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = SimpleLazyObject(lambda: _membership(request))  # type: ignore[attr-defined]
        return self.get_response(request)
