"""Redirects to the address with its slash, answers HEAD, keeps whole pages out of parts of pages, and turns errors with a
message (UserError; Redis, the database or the disk at fault) into a page or an htmx toast that says what to do."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from apps.core.errors import UserError
from apps.core.htmx import wants_partial
from apps.core.outages import Outage, outage_of
from apps.core.views import outage_page

logger = logging.getLogger(__name__)


class SlashMiddleware(CommonMiddleware):
    """An address without its last slash leads on with 308: after 301 a program asks again with GET, and what it sent is lost."""

    response_redirect_class: ClassVar[Any] = partial(HttpResponsePermanentRedirect, preserve_request=True)


class HeadMiddleware:
    """Answers HEAD wherever GET is answered, with the headers of that answer, regardless of the methods that a view names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD":
            return self.get_response(request)
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        return without_body(response)


def without_body(response: HttpResponse) -> HttpResponse:
    """The same status, headers and cookies. What a download or a stream holds open is closed with it, and not read."""
    bare = HttpResponse(status=response.status_code, headers=response.headers)
    bare.cookies = response.cookies
    if not response.streaming and "Content-Length" not in response:
        bare["Content-Length"] = str(len(response.content))
    bare._resource_closers = response._resource_closers  # type: ignore[attr-defined]
    return bare


class WholePageMiddleware:
    """A redirect that answers htmx is one of the whole page: a sign-in page, for instance, is no part of another one.

    After signing in the person comes back to the page that asked, not to the part that it asked for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not wants_partial(request) or "Location" not in response:
            return response
        moved = HttpResponseClientRedirect(_back_to_page(request, response["Location"]))
        moved.cookies = response.cookies
        return moved


def _back_to_page(request: HttpRequest, address: str) -> str:
    """`address` with the page that is open as `next`, where it is the sign-in page with a `next` of its own."""
    parts = urlsplit(address)
    page = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
    if parts.path != reverse(settings.LOGIN_URL) or not page:
        return address
    return f"{parts.path}?{urlencode({REDIRECT_FIELD_NAME: page})}"


class FormAddressMiddleware:
    """Leads back to a page from addresses that only take forms: a person who is asked to sign in there comes back to the page
    of the form, and a browser that opens one (a restored tab, for instance) gets a page that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and "Location" in response:
            response["Location"] = self._by_way_of_the_form(request, response["Location"])
        elif (
            request.method == "GET" and isinstance(response, HttpResponseNotAllowed) and _is_browser(request)
        ):
            page = render(request, "405.html", status=405)
            page["Allow"] = response["Allow"]
            return page
        return response

    def _by_way_of_the_form(self, request: HttpRequest, address: str) -> str:
        """`address`; where it is the sign-in page that would lead to the form's own address, with the form's page instead."""
        parts = urlsplit(address)
        following = parse_qs(parts.query).get(REDIRECT_FIELD_NAME)
        if parts.path != reverse(settings.LOGIN_URL) or following != [request.get_full_path()]:
            return address
        messages.warning(request, _("You were signed out. Sign in, then send the form again."))
        return f"{parts.path}?{urlencode({REDIRECT_FIELD_NAME: _page_of_form(request) or '/'})}"


def _page_of_form(request: HttpRequest) -> str:
    """The address of the page that a form was sent from; empty where that is no page of the studio."""
    page = urlsplit(request.headers.get("Referer", ""))
    is_ours = page.netloc == request.get_host() and not page.path.startswith("//")
    return urlunsplit(("", "", page.path, page.query, "")) if is_ours else ""


def _is_browser(request: HttpRequest) -> bool:
    """Whether the caller asks for a page by name; programs take anything."""
    return "text/html" in request.headers.get("Accept", "")


class UserErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if outage := outage_of(error):
            return _refuse(request, outage)
        if not isinstance(error, UserError):
            return None
        # What a GET refuses, it refuses again; the page of a form is still there, and its text says what to change.
        back = _page_of_form(request) if request.method == "POST" else ""
        context = {"message": error.message, "back": back}
        return error.mark(render(request, "core/user_error.html", context))


def _refuse(request: HttpRequest, outage: Outage) -> HttpResponse:
    """The same answer for every caller: nothing else has been looked at."""
    logger.error("A request was refused: %s", outage.log)
    if outage.retry_after is None:
        return outage_page(outage)
    return outage.mark(render(request, "core/user_error.html", {"message": outage.message}))
