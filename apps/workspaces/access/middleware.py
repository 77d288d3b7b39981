"""Puts the workspace that the person is in on the request."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.core.choices import is_id
from apps.workspaces.models import Membership
from apps.workspaces.requests import WorkspaceRequest

SESSION_KEY = "workspace"
FIELD, HEADER = "in_workspace", "X-Workspace"
"""Which workspace a page showed: the field is in every form (templatetags.form_workspace), the header for what is no form."""


MOST_LISTED = 10
"""Workspaces that the menu of every page offers; the others are on a page of their own."""


def _own(request: WorkspaceRequest) -> QuerySet[Membership]:
    if not request.user.is_authenticated:
        return Membership.objects.none()
    own = Membership.objects.filter(user=request.user, workspace__deleted_at=None)
    return own.select_related("workspace").order_by("created_at", "pk")


def _chosen(request: WorkspaceRequest) -> Membership | None:
    """Where the session says that they work, else the first one that they came to."""
    memberships: list[Membership] = request.memberships
    if not memberships:
        return None
    return _in(request, request.session.get(SESSION_KEY)) or memberships[0]


def _opened(request: WorkspaceRequest) -> Membership | None:
    """The membership in the workspace of the object that the page is about (`access.open_object`)."""
    opened = request.opened_workspace_id
    return _in(request, str(opened)) if opened else None


def _in(request: WorkspaceRequest, workspace_id: str | None) -> Membership | None:
    """The person's membership in an open workspace; looked up where they have more than are listed."""
    listed: list[Membership] = request.memberships
    found = next((m for m in listed if str(m.workspace_id) == workspace_id), None)
    if found or workspace_id is None or len(listed) < MOST_LISTED or not is_id(workspace_id):
        return found
    return _own(request).filter(workspace=UUID(workspace_id)).first()


def shown_membership(request: WorkspaceRequest) -> Membership | None:
    """The membership in the workspace that the page showed from which something is sent: another tab may have switched
    since. None where they do not belong to it any more; where nothing says which, in the one that they are in."""
    shown = request.POST.get(FIELD) or request.headers.get(HEADER)
    if not shown:
        return request.membership
    found = _in(request, shown)
    # Not with request.membership, which is already that of the object that the page is about.
    if found is not None and found != _chosen(request):
        request.membership = found
        request.session[SESSION_KEY] = shown
    return found


class WorkspaceMiddleware:
    """Sets `request.memberships` (the first ones of open workspaces) and `request.membership`, the one that the person is in.

    Lazily: a page that does not ask costs no query. Both are falsy without one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: WorkspaceRequest) -> HttpResponse:
        request.opened_workspace_id = None
        request.memberships = cast("Any", SimpleLazyObject(lambda: list(_own(request)[:MOST_LISTED])))
        request.membership = cast("Any", SimpleLazyObject(lambda: _opened(request) or _chosen(request)))
        response = self.get_response(request)
        self._follow(request, response)
        return response

    def _follow(self, request: WorkspaceRequest, response: HttpResponse) -> None:
        """Switch to the workspace of the page that a person opened, where they belong to several; requests that a page
        makes by itself switch nothing."""
        is_page = response.get("Content-Type", "").startswith("text/html")
        if request.method != "GET" or not is_page or request.htmx:  # type: ignore[attr-defined]
            return
        opened = _opened(request)
        if opened is not None and opened != _chosen(request):
            request.session[SESSION_KEY] = str(opened.workspace_id)
