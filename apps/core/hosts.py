"""Which names the site answers to, and what a person is told who came by another one.

A page of a foreign site whose name was made to lead to this machine (DNS rebinding) would be of one origin with ours. So
every request is asked for its Host first, static files included, and sockets by apps.core.sockets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language_from_request, override

logger = logging.getLogger(__name__)


class HostMiddleware:
    """400 for a host that is not among ALLOWED_HOSTS, with a page and a line in the log that name the setting."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            return _refusal(request)
        return self.get_response(request)


def _refusal(request: HttpRequest) -> HttpResponse:
    host = request.META.get("HTTP_HOST", "")[:200]
    logger.warning(
        "Refused a request for the host %r, which is not in ALLOWED_HOSTS. If people are to open the studio by this name, "
        "add it there (ALLOWED_HOSTS=name,other-name) and start the studio again.",
        host,
    )
    with override(get_language_from_request(request)):
        return render(request, "core/wrong_host.html", {"host": host}, status=400)
