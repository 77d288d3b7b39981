"""Remembers where the request that is being answered came from, for the audit trail."""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from apps.core.client_addresses import UNKNOWN, address_of_request

_address: ContextVar[str] = ContextVar("address", default="")


def current_address() -> str:
    """The visitor's address; empty where no request is being answered."""
    return _address.get()


class OriginMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = address_of_request(request.META)
        token = _address.set("" if address == UNKNOWN else address)
        try:
            return self.get_response(request)
        finally:
            _address.reset(token)
