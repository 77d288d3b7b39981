"""Access to pages that list or make things in the current workspace."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.workspaces import access
from apps.workspaces.access import Action

View = Callable[..., HttpResponse]


def in_workspace(action: Action = Action.VIEW) -> Callable[[View], View]:
    """Sign-in first; then `request.workspace` is the current workspace, in which the role allows `action`."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            membership = request.membership  # type: ignore[attr-defined]
            if not membership:
                return redirect("home:no_workspace")
            access.require(request.user, membership.workspace, action)
            request.workspace = membership.workspace  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return wrapped

    return decorate
