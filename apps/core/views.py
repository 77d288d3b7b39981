"""What belongs to no app."""

import sys

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from apps.core.database import is_unavailable
from apps.core.disk import is_disk_full


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def fault(request: HttpRequest) -> HttpResponse:
    """What is said of a fault. A full disk, and a database that is away, look like a fault of what needed them first."""
    if is_disk_full():
        # Without the request: what pages know of a person lies on that disk.
        return HttpResponse(render_to_string("507.html"), status=507)
    error = sys.exc_info()[1]
    if error is not None and is_unavailable(error):
        # Raised before any view, for instance where the session is read.
        return HttpResponse(render_to_string("503.html"), status=503)
    return server_error(request)
