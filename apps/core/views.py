"""What belongs to no app."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from apps.core.access_rules import ANYONE, rule
from apps.core.outages import Outage


@rule(get=ANYONE)
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def outage_page(outage: Outage) -> HttpResponse:
    """Drawn without the request: what pages know of a person lies on that disk, or in that database."""
    return outage.mark(HttpResponse(render_to_string(f"{outage.status}.html")))
