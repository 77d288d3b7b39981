"""Which addresses that a person typed the studio may fetch, wherever it fetches them.

The name is resolved once, every record of it is checked, and the connection goes to an address that passed: a name that
answers differently a moment later changes nothing. Redirects start again from the beginning. What the administrator's
own settings name (the Hub, the engine, the store, the provider of sign-in) is not typed by users and does not come
through here.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, unquote, urlsplit

import idna

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]

PORTS = {"http": 80, "https": 443}
MOST_CHARACTERS = 2048

# Global by some registry, and yet no place of the public network: protocols' own, 6to4's relays, a cloud's services.
_NEVER = [ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")]
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


class AddressRefused(ValueError):
    """The studio does not go there. The reason is for the administrator's log: it may tell about the network."""

    def __init__(self, address: str, reason: str) -> None:
        # A password in front of the host, a query, and the path of a webhook are secrets, and not for the log.
        scheme, separator, rest = address.partition("://")
        host = re.split(r"[/?#\\]", rest if separator else address, maxsplit=1)[0].rpartition("@")[2]
        shown = f"{scheme if separator else ''}{separator}{host}"[:200]
        super().__init__(f"Refused to fetch {shown!r}: {reason}")


@dataclass(frozen=True)
class Target:
    """An address taken apart: `host` is ASCII and lower case, `path` begins with a slash and holds the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def filename(self) -> str:
        """What a file from there is called, unless the site says otherwise."""
        return unquote(self.path.partition("?")[0]).rstrip("/").rpartition("/")[2] or self.host

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True)
class Allowance:
    """What an administrator lets people reach beside the public network: a network, or a host with or without a port."""

    network: IPv4Network | IPv6Network | None = None
    host: str = ""
    port: int | None = None

    def covers(self, host: str, port: int, address: Address | None = None) -> bool:
        if self.network:
            return address is not None and address in self.network
        return self.host == host and self.port in (None, port)


def parse_allowance(text: str) -> Allowance:
    """An entry of OUTGOING_ALLOW: 10.0.0.0/8, files.internal, files.internal:8080. Raises ValueError."""
    try:
        return Allowance(network=ip_network(text.strip()))
    except ValueError:
        parts = urlsplit(f"//{text.strip()}")
    if not parts.hostname or parts.path or "@" in parts.netloc:
        raise ValueError(f"{text!r} is neither a network nor a host")
    return Allowance(host=_ascii_host(parts.hostname), port=parts.port)


def read_allowances(entries: Sequence[str]) -> list[Allowance]:
    return [parse_allowance(text) for text in entries]


def parse_target(address: str, allowed: Sequence[Allowance] = ()) -> Target:
    """Raises AddressRefused for anything but a plain http or https address of one host, at a port that is open to people."""
    address = address.strip()
    if len(address) > MOST_CHARACTERS or any(c <= " " or c in "\\\x7f" for c in address):
        raise AddressRefused(address, "it is too long, or has characters that addresses do not have")
    try:
        parts = urlsplit(address)
        port = parts.port
        host = _ascii_host(parts.hostname or "")
    except ValueError as error:
        raise AddressRefused(address, str(error)) from error
    if parts.scheme not in PORTS or "@" in parts.netloc:
        raise AddressRefused(address, "its scheme is not http or https, or it carries a name and password")
    target = Target(parts.scheme, host, port or PORTS[parts.scheme], _path(parts.path, parts.query))
    if target.port not in PORTS.values() and not _is_open_port(target, allowed):
        raise AddressRefused(address, f"port {target.port} is not open to people")
    return target


def _is_open_port(target: Target, allowed: Sequence[Allowance]) -> bool:
    """Networks are allowed with all their ports; whether the host lies in one shows when it is resolved."""
    return any(entry.network or entry.covers(target.host, target.port) for entry in allowed)


def _path(path: str, query: str) -> str:
    """As it goes over the wire: what is not ASCII is percent-encoded, what is encoded stays."""
    kept = "/%:=&?~+!$,;'@()*[]"
    return (quote(path, safe=kept) or "/") + (f"?{quote(query, safe=kept)}" if query else "")


def _ascii_host(host: str) -> str:
    """The host as it is looked up: IDNA in its ASCII form, an IP address in its canonical one. Raises ValueError.

    Numbers that only some programs take for an IP address (2130706433, 0177.0.0.1, 0x7f.1, 127.1) are refused.
    """
    if "%" in host:
        raise ValueError(f"{host!r} names one of this machine's own networks")
    if ":" in host:
        return str(IPv6Address(host))
    try:
        plain = idna.encode(host.rstrip("."), uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise ValueError(f"{host!r} is no host name: {error}") from error
    last = plain.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return str(IPv4Address(plain))
    return plain


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for, whichever way it is carried."""
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    is_isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    if is_isatap or any(address in network for network in (_NAT64, _COMPATIBLE, _TRANSLATED)):
        return last
    return None


def is_public(address: Address) -> bool:
    """Whether it is a place of the public network, in its own form and in the IPv4 form that it may carry."""
    if isinstance(address, IPv6Address):
        if address.scope_id or address.teredo or address in _NAT64_LOCAL or address.is_site_local:
            return False
        if carried := _embedded(address):
            return is_public(carried)
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_special and not any(address in network for network in _NEVER)


def system_resolve(host: str, port: int) -> list[str]:
    """Every address of a name, IPv4 and IPv6, as this machine looks it up."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_addresses(
    host: str, port: int, resolve: Resolve = system_resolve, allowed: Sequence[Allowance] = ()
) -> list[str]:
    """Where to connect, never empty. Raises AddressRefused when one record of the name, of however many, leads where
    people may not go, and OSError when the name cannot be resolved."""
    try:
        found = [str(ip_address(host))]
    except ValueError:
        found = resolve(host, port)
    for text in found:
        address = ip_address(text)
        is_allowed = any(entry.covers(host, port, address) for entry in allowed)
        if not is_allowed and (port not in PORTS.values() or not is_public(address)):
            raise AddressRefused(host, f"{text}, port {port}, is not public")
    if not found:
        raise OSError(f"{host!r} has no address")
    return found


def is_address(host: str) -> bool:
    """Whether a host is an IP address, which needs no look-up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
