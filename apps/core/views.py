"""What belongs to no app."""

import sys

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from apps.core.outages import Outage, outage_behind


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def outage_page(outage: Outage) -> HttpResponse:
    """Drawn without the request: what pages know of a person lies on that disk, or in that database."""
    page = HttpResponse(render_to_string(f"{outage.status}.html"), status=outage.status)
    if outage.retry_after:
        page["Retry-After"] = str(outage.retry_after)
    return page


def fault(request: HttpRequest) -> HttpResponse:
    """What is said of a fault. A full disk, and a database that is away, look like a fault of what needed them first."""
    outage = outage_behind(sys.exc_info()[1])
    if outage is None:
        return server_error(request)
    # Raised before any view, for instance where the session is read.
    return outage_page(outage)
