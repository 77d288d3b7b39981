"""Access to pages that list or make things in the current workspace.

Below a `rule` with an object, `in_workspace()` makes the next page show the workspace that the form came from.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect

from apps.core.errors import NotVisible
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.access.middleware import shown_membership
from apps.workspaces.requests import WorkspaceRequest

View = Callable[..., HttpResponse]


def in_workspace(action: Action = Action.VIEW) -> Callable[[View], View]:
    """Sign-in first; then `request.workspace` is the workspace that the person is in, or that the page with the form
    showed; their role in it allows `action`."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def wrapped(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            membership = shown_membership(request)
            if not membership:
                if request.membership:
                    raise NotVisible
                return redirect("home:no_workspace")
            access.require(request.user, membership.workspace, action, role=membership.role)
            request.workspace = membership.workspace
            return view(request, *args, **kwargs)

        return wrapped

    return decorate
