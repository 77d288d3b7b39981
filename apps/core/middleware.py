"""Turns a UserError that no form caught into a page (or an htmx toast) that says what to do; so does Redis when it is away."""

import logging
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from apps.core.errors import UserError

logger = logging.getLogger(__name__)
_AGAIN_AFTER_SECONDS = 5


class UserErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, RedisConnectionError | RedisTimeoutError):
            return _away(request, error)
        if not isinstance(error, UserError):
            return None
        messages.error(request, str(error.message))
        return error.mark(render(request, "core/user_error.html", {"message": error.message}))


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    """Where Redis is asked first, before anything else is looked at: whoever it is about, the answer is this one."""
    logger.error("Redis does not answer (%s): a request was refused", type(error).__name__)
    text = _("A part of the studio does not answer at the moment. Wait a few seconds, then try again.")
    response = render(request, "core/user_error.html", {"message": text}, status=503)
    response["Retry-After"] = str(_AGAIN_AFTER_SECONDS)
    return response
