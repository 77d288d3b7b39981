"""The script that puts a button onto another site, which opens the app in a frame."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.publishing.models import ShareLink

_KEPT_SECONDS = 300


@require_GET
def bubble(request: HttpRequest, token: str) -> HttpResponse:
    """The script, where the link may be embedded. Whether a site may show the app, its frame asks for itself."""
    link = ShareLink.objects.by_token(token)
    if link is None or not link.embed_sites:
        raise Http404
    name = link.app.name
    words = {"title": name, "open": _("Open %(app)s") % {"app": name}, "close": _("Close")}
    # In a script of its own nothing of it is read as HTML.
    script = render_to_string("publishing/bubble.js", {"words": mark_safe(json.dumps(words))})  # noqa: S308
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = f"private, max-age={_KEPT_SECONDS}"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
