"""Reads the body of a request to /v1, or says in our own words what is wrong with it."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from apps.api.openai.errors import ApiError
from apps.api.openai.schemas import GenerationRequest
from apps.core.validation_messages import problem_message
from workers.contracts.openai import UNSUPPORTED, field_of

Request = TypeVar("Request", bound=GenerationRequest)


def read_body(request: HttpRequest, schema: type[Request]) -> Request:
    """Raises ApiError (400) that names the field, or 413."""
    try:
        return schema.model_validate_json(request.body)
    except RequestDataTooBig as error:
        limit = {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20}
        message = _("The request is larger than the limit of %(limit)d MB.") % limit
        raise ApiError(413, "too_large", message) from error
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False)[0]) from error


def _refusal(problem: ErrorDetails) -> ApiError:
    kind, where = problem["type"], field_of(problem["loc"])
    if kind == "json_invalid":
        return ApiError(400, "invalid_request", _("The body is not valid JSON."))
    if not where:
        return ApiError(400, "invalid_request", _("The body must be a JSON object."))
    if not UNSUPPORTED.isdisjoint(problem["loc"]):
        message = _("This server does not support %(field)s with this value. Leave it out.") % {
            "field": where
        }
        return ApiError(400, "unsupported_value", message, param=where)
    if kind == "extra_forbidden":
        message = _(
            "This server does not know the parameter %(field)s. Check its spelling, or leave it out."
        ) % {"field": where}
        return ApiError(400, "unknown_parameter", message, param=where)
    return ApiError(400, "invalid_request", problem_message(problem, where), param=where)
