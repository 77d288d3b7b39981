"""Puts the workspace that the person is in on the request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.workspaces.models import Membership

SESSION_KEY = "workspace"
FIELD, HEADER = "in_workspace", "X-Workspace"
"""Which workspace a page showed: the field is in every form (templatetags.where), the header for what is no form."""


def _memberships(request: HttpRequest) -> list[Membership]:
    if not request.user.is_authenticated:
        return []
    own = Membership.objects.filter(user=request.user, workspace__deleted_at=None)
    return list(own.select_related("workspace").order_by("created_at"))


def _chosen(request: HttpRequest) -> Membership | None:
    """Where the session says that they work, else the first one that they came to."""
    memberships: list[Membership] = request.memberships  # type: ignore[attr-defined]
    chosen = request.session.get(SESSION_KEY) if memberships else None
    return _in(memberships, chosen) or (memberships[0] if memberships else None)


def _opened(request: HttpRequest) -> Membership | None:
    """In the workspace of what the page is about (access.get_visible), for a person who belongs to several."""
    opened = getattr(request.user, "looked_into", None)
    return _in(request.memberships, str(opened)) if opened else None  # type: ignore[attr-defined]


def _in(memberships: list[Membership], workspace_id: str | None) -> Membership | None:
    return next((m for m in memberships if str(m.workspace_id) == workspace_id), None)


def shown_membership(request: HttpRequest) -> Membership | None:
    """The membership in the workspace that the page showed from which something is sent: another tab may have switched
    since. None where they do not belong to it any more; where nothing says which, in the one that they are in."""
    shown = request.POST.get(FIELD) or request.headers.get(HEADER)
    if not shown:
        return request.membership  # type: ignore[attr-defined, no-any-return]
    found = _in(request.memberships, shown)  # type: ignore[attr-defined]
    if found is not None and found != request.membership:  # type: ignore[attr-defined]
        request.membership = found  # type: ignore[attr-defined]
        request.session[SESSION_KEY] = shown
    return found


class WorkspaceMiddleware:
    """Sets `request.memberships` (of open workspaces) and `request.membership`, the one that the person is in.

    Lazily: a page that does not ask costs no query. Both are falsy without one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.memberships = SimpleLazyObject(lambda: _memberships(request))  # type: ignore[attr-defined]
        request.membership = SimpleLazyObject(lambda: _opened(request) or _chosen(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        self._follow(request, response)
        return response

    def _follow(self, request: HttpRequest, response: HttpResponse) -> None:
        """Switch to the workspace of the page that a person opened, where they belong to several; requests that a page
        makes by itself switch nothing."""
        is_page = response.get("Content-Type", "").startswith("text/html")
        if request.method != "GET" or not is_page or request.htmx:  # type: ignore[attr-defined]
            return
        opened = _opened(request)
        if opened is not None and opened != _chosen(request):
            request.session[SESSION_KEY] = str(opened.workspace_id)
