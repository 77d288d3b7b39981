"""One shape for every error of the REST API: {"error": {"code", "message", "field"}}."""

import logging
import sys
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from apps.api.middleware import UNKNOWN_URL, is_of_api, not_offered
from apps.api.openai.errors import ApiError
from apps.core.errors import UserError
from apps.core.outages import outage_behind, outage_of
from apps.core.views import outage_page

logger = logging.getLogger(__name__)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: services' refusals become 400, what is not visible 404, a role too low 403, an outage 503 or 507."""
    if isinstance(error, UserError):
        refusal = _response(error.status, error.code, str(error.message), error.field)
        return error.mark(refusal)
    if outage := outage_of(error):
        logger.error("A request was refused: %s", outage.log)
        return outage.mark(_response(outage.status, outage.code, outage.message, None))
    if isinstance(error, RecursionError):
        # Nothing of ours recurses but the reading of a body.
        error = exceptions.ParseError()
    if isinstance(error, ValidationError):
        # A value that no model field could hold, for instance an id that is none.
        return _response(
            status.HTTP_404_NOT_FOUND, "not_found", _("Nothing was found at this address."), None
        )
    if isinstance(error, Http404):
        return _response(
            status.HTTP_404_NOT_FOUND, "not_found", _("Nothing was found at this address."), None
        )
    if isinstance(error, PermissionDenied):
        return _response(
            status.HTTP_403_FORBIDDEN, "forbidden", str(error) or _("Your role does not allow this."), None
        )
    response = drf_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        field, message = _first(error.detail)
        return _response(response.status_code, "invalid", message, field)
    code = getattr(error, "default_code", "error")
    answer = _response(response.status_code, code, str(getattr(error, "detail", error)), None)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in response:
            answer[name] = response[name]
    return answer


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: a page, but for programs an error in the shape that they read."""
    if _is_openai(request):
        code, message = UNKNOWN_URL, not_offered(request.path)
    else:
        code, message = "not_found", _("There is nothing at %(path)s.") % {"path": request.path}
    told = _told_to_programs(request, status.HTTP_404_NOT_FOUND, code, message)
    return told or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, in the same way. An outage comes here where it is met before any view, for instance where the
    session is read."""
    outage = outage_behind(sys.exc_info()[1])
    if outage is None:
        message = _("An internal error occurred. The log of the studio contains the details.")
        return _told_to_programs(request, 500, "error", message) or defaults.server_error(request)
    told = _told_to_programs(request, outage.status, outage.code, outage.message)
    return outage.mark(told) if told else outage_page(outage)


def _is_openai(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith("/v1/")


def _told_to_programs(request: HttpRequest, code: int, name: str, message: str) -> HttpResponse | None:
    if _is_openai(request):
        return ApiError(code, name, message).response()
    if is_of_api(request.path):
        error = {"code": name, "message": message, "field": None}
        return JsonResponse({"error": error}, status=code)
    return None


def _first(detail: Any, field: str | None = None) -> tuple[str | None, str]:
    """The first complaint, with the dotted name of its field."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        plain = field if name == "non_field_errors" else ".".join(filter(None, (field, str(name))))
        return _first(inner, plain)
    if isinstance(detail, list):
        return _first(detail[0], field)
    return field, str(detail)


def _response(code: int, name: str, message: str, field: str | None) -> Response:
    return Response({"error": {"code": name, "message": message, "field": field}}, status=code)
