"""The page for a form that the CSRF check refused. It names the cause, so that the right person can remove it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE, REASON_NO_REFERER
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

logger = logging.getLogger(__name__)

_FROM_ELSEWHERE = ("Origin checking failed", "Referer checking failed")
HOST_HEADER = "Host"
SCHEME_HEADER = "X-Forwarded-Proto"
_LINE = (
    "Refused a form from %(origin)s: the request came as %(asked)s, and SITE_URL is %(site)s. If people open the studio at "
    "%(origin)s, set SITE_URL to that, let the proxy send the header %(header)s, and start the studio again."
)
_WRONG_ADDRESS = gettext_lazy(
    "Your browser opened %(origin)s, but the request reached the studio as %(asked)s. Nothing was changed. Ask the administrator of this studio to set SITE_URL to %(origin)s (now %(site)s), to let the proxy send the header %(header)s, and to restart the studio."
)
_NAMELESS = gettext_lazy(
    "Your browser did not send an Origin or Referer header for this site. Turn off the privacy setting or the extension that removes these headers, reload the page, and send the form again."
)
_NO_COOKIE = gettext_lazy(
    "Your browser did not send the cookie that protects forms. Allow cookies for this site, reload the page, and send the "
    "form again."
)
_TOO_OLD = gettext_lazy(
    "The page was open for a long time, or you signed in or out in another tab. Go back, reload the page, and send the form "
    "again."
)


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403. `reason` is Django's, in English; the page says it in the words of the reader."""
    if _came_from(request) and reason.startswith(_FROM_ELSEWHERE) and reason != REASON_NO_REFERER:
        addresses = _addresses(request)
        logger.warning(_LINE, addresses)
        heading, text = (
            _("This address does not match the studio's settings"),
            str(_WRONG_ADDRESS) % addresses,
        )
    elif reason.startswith(_FROM_ELSEWHERE):
        heading, text = _("The browser did not send the origin of the form"), str(_NAMELESS)
    elif reason == REASON_NO_CSRF_COOKIE:
        heading, text = _("This page needs cookies"), str(_NO_COOKIE)
    else:
        heading, text = _("This form has expired"), str(_TOO_OLD)
    return render(request, "403_csrf.html", {"heading": heading, "text": text}, status=403)


def _came_from(request: HttpRequest) -> str:
    """Scheme and host of the page that sent the form; empty where the browser does not say. Over https Django takes the
    Referer where there is no Origin."""
    origin = request.headers.get("Origin", "")
    if not origin and (referer := urlsplit(request.headers.get("Referer", ""))).netloc:
        origin = f"{referer.scheme}://{referer.netloc}"
    return "" if origin == "null" else origin[:200]


def _addresses(request: HttpRequest) -> dict[str, str]:
    """Where the browser is, as what the request came, and the header that a proxy on the way did not send."""
    origin = _came_from(request)
    asked = f"{request.scheme}://{request.get_host()}"
    header = SCHEME_HEADER if urlsplit(origin).netloc == request.get_host() else HOST_HEADER
    return {"origin": origin, "asked": asked, "site": settings.SITE_URL, "header": header}
