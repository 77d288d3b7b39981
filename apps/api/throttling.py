"""How often the API answers: by key or person where there is one, by address where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core.client_addresses import address_of_request, limited_as
from apps.core.rate_limits import Rate, take
from apps.workspaces.models import ApiKey


class KnownCaller(IsAuthenticated):
    """Admits signed-in people and keys. Others are counted here: DRF refuses them before it looks at throttles."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if super().has_permission(request, view):
            return True
        if wait := wait_of_stranger(request.META):
            raise Throttled(wait)
        return False


class ApiThrottle(BaseThrottle):
    """DRF answers 429 with Retry-After when `allow_request` says no."""

    def allow_request(self, request: Request, view: Any) -> bool:
        self._seconds = self._take(request)
        return self._seconds == 0

    def _take(self, request: Request) -> int:
        if not request.user.is_authenticated:
            return wait_of_stranger(request.META)
        key: Any = request.auth
        if key:
            return wait_of_key(key)
        return take(f"api:user:{request.user.pk}", Rate(settings.API_PER_MINUTE))

    def wait(self) -> float:
        return self._seconds


def wait_of_key(key: ApiKey) -> int:
    """Count a request with a live key. Return 0, or the seconds to wait."""
    return take(f"api:key:{key.pk}", Rate(settings.API_PER_MINUTE))


def wait_of_stranger(meta: Mapping[str, Any]) -> int:
    """Count a request without a live key. Return 0, or the seconds to wait."""
    address = limited_as(address_of_request(meta))
    return take(f"api:address:{address}", Rate(settings.API_ANONYMOUS_PER_MINUTE))
