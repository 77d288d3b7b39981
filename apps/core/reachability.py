"""From where the addresses that the studio hands out can be opened: this computer alone, its network, or anywhere."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from launcher.environment import lan_address


@dataclass(frozen=True)
class Reach:
    """Of SITE_URL, with which every address begins that is handed out."""

    is_local: bool
    """It works on the computer that the studio runs on alone."""
    is_private: bool
    """It works in the local network alone."""
    may_switch: bool
    """Whether the person who looks may open the studio to its network, and close it again."""
    switch_exists: bool
    """Whether an administrator may."""
    lan_url: str
    """With which addresses would begin in the local network; empty where the computer is in none."""


def reach_for(user: Any) -> Reach:
    """What to tell `user` about the addresses on a page."""
    site = urlsplit(settings.SITE_URL)
    is_local = is_loopback(site.hostname or "")
    exists = bool(settings.NETWORK_FILE)
    lan = lan_address() if is_local and exists else None
    port = f":{site.port}" if site.port else ""
    return Reach(
        is_local=is_local,
        is_private=is_private(site.hostname or ""),
        may_switch=exists and bool(user.is_active and user.is_superuser),
        switch_exists=exists,
        lan_url=f"{site.scheme}://{lan}{port}" if lan else "",
    )


def is_loopback(host: str) -> bool:
    """Whether `host` means the very computer that asks for it, or no computer at all (0.0.0.0)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


_LOCAL_NAMES = (".local", ".lan", ".internal", ".home.arpa")


def is_private(host: str) -> bool:
    """Whether `host` means a computer only within its own network."""
    if is_loopback(host):
        return False
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)
