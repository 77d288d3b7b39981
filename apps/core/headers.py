"""Headers that neither Django nor django-csp sets: what a page may use of the browser, and who may keep or embed it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import has_vary_header

_UNUSED_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
TOO_MANY = 429
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES)


class HeadersMiddleware:
    """Stands above what answers early, so that refusals and redirects carry the headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if response.status_code == TOO_MANY:
            # Not every refusal sets it, for instance allauth's.
            response.headers.setdefault("Retry-After", "60")
        if has_vary_header(response, "Cookie"):
            # A page for one person: neither a shared cache nor the disk of a shared computer keeps it.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
