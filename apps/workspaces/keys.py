"""How an API key comes with a request: the same ways, with the same limits, for every API."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from apps.workspaces.models import ApiKey
from apps.workspaces.services import KEY_PREFIX

HEADER = "X-API-Key"
_QUERY_NAMES = {"key", "api_key", "apikey", "api-key", "access_token", "token"}


class KeyRefused(Exception):
    """A key was sent in a way that gives it away or leaves open which one is meant; the message says how to send it."""


def has_key(headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether the request comes with something that means to be a key. Raises KeyRefused for one in the address."""
    _refuse_in_address(query)
    return bool(_secrets(headers))


def sent_key(headers: Mapping[str, str], query: Mapping[str, str]) -> ApiKey | None:
    """The live key that the request comes with. Raises KeyRefused."""
    _refuse_in_address(query)
    secrets = _secrets(headers)
    if len(secrets) > 1:
        raise KeyRefused(_("Send one key, not two different ones."))
    return ApiKey.objects.by_secret(secrets.pop()) if secrets else None


def _secrets(headers: Mapping[str, str]) -> set[str]:
    scheme, _space, secret = headers.get("Authorization", "").partition(" ")
    found = {secret.strip()} if scheme.lower() == "bearer" else set()
    if HEADER in headers:
        found.add(headers[HEADER].strip())
    return found


def _refuse_in_address(query: Mapping[str, str]) -> None:
    """Addresses are kept: by logs, proxies and browsers."""
    if any(name.lower() in _QUERY_NAMES or value.startswith(KEY_PREFIX) for name, value in query.items()):
        message = _(
            "Don't put an API key in a URL: it ends up in logs. Revoke it, and send a new one as “Authorization: Bearer …”."
        )
        raise KeyRefused(message)
