"""Where a request comes from, as far as limits and the audit trail are concerned.

Behind a proxy uvicorn puts the visitor's address in the place of the proxy's (FORWARDED_ALLOW_IPS names the proxies that
it believes); headers are not read here, because anyone can send them.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

UNKNOWN = "unknown"


def address_of_request(meta: Mapping[str, Any]) -> str:
    """The visitor's address by `request.META`."""
    return shown_address(str(meta.get("REMOTE_ADDR") or ""))


def address_of_scope(scope: Mapping[str, Any]) -> str:
    """The visitor's address by an ASGI scope."""
    return shown_address(str((scope.get("client") or [""])[0]))


def shown_address(text: str) -> str:
    """IPv4 as IPv4 also where it is mapped into IPv6; "unknown" for what is no address."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def limited_as(address: str) -> str:
    """What limits count: an IPv4 address, or the /64 of an IPv6 one, all of which one household has."""
    return str(IPv6Network((address, 64), strict=False)) if ":" in address else address
