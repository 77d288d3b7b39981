"""Refuses every connection that leaves this machine; Python loads it at the start of each process that a test starts.

An audit hook sees what any library does through Python's sockets, whichever way it imported them.
"""

from __future__ import annotations

import socket
import sys
from ipaddress import ip_address
from typing import Any

ATTEMPTS: list[str] = []
"""What was refused in this process, so that a test fails also when the code under test swallows the error."""

_NAMES = {"", "localhost", "ip6-localhost", socket.gethostname()}


class TrafficRefused(RuntimeError):
    """No OSError: what tries again after a network error should not."""


def is_here(host: Any) -> bool:
    """Whether a host is this machine: loopback, every address to listen on, or a name for it."""
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return name in _NAMES
    return address.is_loopback or address.is_unspecified


def _is_address(host: Any) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _refuse(what: str) -> None:
    ATTEMPTS.append(what)
    raise TrafficRefused(f"A test may not reach beyond this machine: {what}")


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook. A datagram socket that is only connected sends nothing; addresses need no look-up."""
    if event in ("socket.connect", "socket.sendto"):
        opened, address = arguments
        if not isinstance(address, tuple) or is_here(address[0]):
            return
        if event == "socket.sendto" or opened.type != socket.SOCK_DGRAM:
            _refuse(f"{event} {address}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
        if not is_here(host) and not _is_address(host):
            _refuse(f"{event} {host}")


sys.addaudithook(watch)
