"""Leads to the address with its slash. Turns a UserError that no form caught into a page (or an htmx toast) that says what to do; so does Redis when it is away."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.shortcuts import render

from apps.core.errors import UserError
from apps.core.redis import AGAIN_AFTER_SECONDS, AWAY, away_message

logger = logging.getLogger(__name__)


class SlashMiddleware(CommonMiddleware):
    """An address without its last slash leads on with 308: after 301 a program asks again with GET, and what it sent is lost."""

    response_redirect_class: ClassVar[Any] = partial(HttpResponsePermanentRedirect, preserve_request=True)


class UserErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, AWAY):
            return _away(request, error)
        if not isinstance(error, UserError):
            return None
        messages.error(request, str(error.message))
        return error.mark(render(request, "core/user_error.html", {"message": error.message}))


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    """Where Redis is asked first, before anything else is looked at: whoever it is about, the answer is this one."""
    logger.error("Redis does not answer (%s): a request was refused", type(error).__name__)
    response = render(request, "core/user_error.html", {"message": away_message()}, status=503)
    response["Retry-After"] = str(AGAIN_AFTER_SECONDS)
    return response
