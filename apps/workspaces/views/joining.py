"""The page that an invitation's address opens, for people with and without an account."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.errors import NotVisible, UserError
from apps.workspaces import invitations
from apps.workspaces.middleware import SESSION_KEY
from apps.workspaces.models import Invitation


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites whereto; accepting is a POST. Every invitation that is not open looks the same."""
    try:
        invitation = invitations.find(token)
    except NotVisible:
        return _private(render(request, "workspaces/join_closed.html", status=404))
    invitations.remember(request, invitation)
    if request.method == "POST":
        return _private(_accept(request, token, invitation))
    return _private(render(request, "workspaces/join.html", _context(request, invitation)))


def _accept(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    try:
        membership = invitations.accept_invitation(actor=request.user, token=token)
    except NotVisible:
        return render(request, "workspaces/join_closed.html", status=404)
    except UserError as error:
        context = {**_context(request, invitation), "refused": error.message}
        return render(request, "workspaces/join.html", context, status=422)
    request.session.pop(invitations.SESSION_KEY, None)
    request.session[SESSION_KEY] = str(membership.workspace_id)
    messages.success(request, _("Welcome to “%(workspace)s”.") % {"workspace": membership.workspace.name})
    return redirect("home:home")


def _context(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    back = urlencode({"next": request.path})
    return {
        "invitation": invitation,
        "is_for_me": request.user.is_authenticated and invitations.is_for(invitation, request.user),
        "sign_in_url": f"{reverse('account_login')}?{back}",
        "sign_up_url": f"{reverse('account_signup')}?{back}",
    }


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a secret: it goes to no other site, and into no cache.

    With no-referrer browsers send forms with `Origin: null`, which the CSRF check refuses.
    """
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    return response
