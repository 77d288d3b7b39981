"""Opens an embedded studio to its local network, and closes it again: the launcher then starts web elsewhere."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.core.reachability import reach_for
from apps.workspaces import audit
from apps.workspaces.access.rules import ADMINISTRATOR, rule
from launcher.network import choose


@rule(get=ADMINISTRATOR, post=ADMINISTRATOR)
def network(request: HttpRequest) -> HttpResponse:
    """GET tells a script whether the studio is open; POST switches, and answers with a page that waits for it."""
    if not request.user.is_superuser:
        raise PermissionDenied
    is_open = not reach_for(request.user).is_local
    if request.method == "GET":
        return JsonResponse({"open": is_open})
    if not settings.NETWORK_FILE:
        message = _(
            "To share the address, ask an administrator to set SITE_URL to the address that other people open."
        )
        raise UserError(message)
    wants_open = bool(request.POST.get("open"))
    if wants_open:
        audit.record(request.user, "studio.opened_to_network", request.user)
    else:
        audit.record(request.user, "studio.closed_to_network", request.user)
    choose(Path(settings.NETWORK_FILE), is_open=wants_open)
    return render(request, "console/moving.html", {"wants_open": wants_open, "next": _next(request)})


def _next(request: HttpRequest) -> str:
    """The page that the switch was on; what was answered to a form there is not asked for again."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else reverse("console:console")
