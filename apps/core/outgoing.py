"""Fetching what a person's address names, without becoming their way into the network that this server stands in.

The name is resolved once, every record of it is checked, and the connection goes to an address that passed: a name that
answers differently a moment later changes nothing. Redirects start again from the beginning. What the administrator's
own settings name (the Hub, the engine, the store) does not come through here.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpcore
import httpx
import idna
from django.conf import settings
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from apps.core.errors import UserError

logger = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]

PORTS = {"http": 80, "https": 443}
MOST_CHARACTERS = 2048
MOST_REDIRECTS = 5
LONGEST_SECONDS = 600
"""For the whole download, so that a site that trickles holds nothing for long."""
_TIMEOUTS = {"connect": 10.0, "read": 30.0, "write": 10.0, "pool": 10.0}
_REDIRECTS = {301, 302, 303, 307, 308}

# Global by some registry, and yet no place of the public network: protocols' own, 6to4's relays, a cloud's services.
_NEVER = [ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")]
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


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


def _allowances() -> list[Allowance]:
    return [parse_allowance(text) for text in settings.OUTGOING_ALLOW]


def _refused(address: str, reason: str) -> UserError:
    """The log says why; the person only hears that it is not open, and learns nothing about the network."""
    # Neither a name with a password in front of the host nor a query is for the log.
    shown = address.rpartition("@")[2].partition("?")[0][:200]
    logger.warning("Refused to fetch %r: %s", shown, reason)
    message = _(
        "The studio may not open this address. It must lead to a public site over http or https; an administrator can allow others."
    )
    return UserError(message, field="address", code="address_refused")


def parse_target(address: str) -> Target:
    """Raises UserError for anything but a plain http or https address of one host, at a port that is open to people."""
    address = address.strip()
    if len(address) > MOST_CHARACTERS or any(c <= " " or c in "\\\x7f" for c in address):
        raise _refused(address, "it is too long, or has characters that addresses do not have")
    try:
        parts = urlsplit(address)
        port = parts.port
        host = _ascii_host(parts.hostname or "")
    except ValueError as error:
        raise _refused(address, str(error)) from error
    if parts.scheme not in PORTS or "@" in parts.netloc:
        raise _refused(address, "its scheme is not http or https, or it carries a name and password")
    target = Target(parts.scheme, host, port or PORTS[parts.scheme], _path(parts.path, parts.query))
    if target.port not in PORTS.values() and not _is_open_port(target):
        raise _refused(address, f"port {target.port} is not open to people")
    return target


def _is_open_port(target: Target) -> bool:
    """Networks are allowed with all their ports; whether the host lies in one shows when it is resolved."""
    return any(entry.network or entry.covers(target.host, target.port) for entry in _allowances())


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


def checked_addresses(host: str, port: int, resolve: Resolve) -> list[str]:
    """Where to connect. Raises UserError when one record of the name, of however many, leads where people may not go."""
    allowances = _allowances()
    try:
        literal = [str(ip_address(host))]
    except ValueError:
        literal = []
    try:
        found = literal or resolve(host, port)
    except OSError as error:
        raise _unreachable() from error
    for text in found:
        address = ip_address(text)
        is_allowed = any(entry.covers(host, port, address) for entry in allowances)
        if not is_allowed and (port not in PORTS.values() or not is_public(address)):
            raise _refused(host, f"{text}, port {port}, is not public")
    if not found:
        raise _unreachable()
    return found


def _unreachable() -> UserError:
    message = _("Nothing answers at this address. Check it in a browser, then try again.")
    return UserError(message, field="address", code="address_unreachable")


class _Pinned(httpcore.NetworkBackend):
    """Connects to addresses that were checked in the same moment; nobody looks the name up again."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._plain = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError("no address")
        for address in checked_addresses(host, port, self._resolve):
            try:
                return self._plain.connect_tcp(address, port, *args, **kwargs)
            except httpcore.NetworkError as error:
                failed = error
        raise failed

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise NotImplementedError("people's addresses never name a socket of this machine")


@dataclass(frozen=True)
class Download:
    """A file on its way in; `size` in bytes when the site says it."""

    target: Target
    filename: str
    size: int | None
    chunks: Iterator[bytes]


@contextmanager
def download(address: str, *, resolve: Resolve = system_resolve) -> Iterator[Download]:
    """Open `address` for reading. Raises UserError (field `address`), also while `chunks` are read."""
    deadline = time.monotonic() + LONGEST_SECONDS
    target = parse_target(address)
    with httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(trust_env=False),
        network_backend=_Pinned(resolve),
        max_connections=1,
    ) as pool:
        for _redirect in range(MOST_REDIRECTS + 1):
            with _as_user_errors(), _asked(pool, target) as response:
                headers = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                }
                if response.status not in _REDIRECTS:
                    yield _opened(target, response, headers, deadline)
                    return
            target = _followed(target, headers.get("location", ""))
    raise _refused(address, f"it redirects more than {MOST_REDIRECTS} times")


def _asked(pool: httpcore.ConnectionPool, target: Target) -> Any:
    headers: dict[bytes | str, bytes | str] = {
        "Host": target.authority,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "Maquette",
    }
    url = httpcore.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=target.path.encode(),
    )
    return pool.stream("GET", url, headers=headers, extensions={"timeout": _TIMEOUTS})


def _followed(target: Target, location: str) -> Target:
    found = parse_target(urljoin(str(target), location))
    if target.scheme == "https" and found.scheme == "http":
        raise _refused(str(found), "it leads from https to http")
    return found


def _opened(
    target: Target, response: httpcore.Response, headers: dict[str, str], deadline: float
) -> Download:
    if response.status != 200:
        message = _("The site answered with status %(status)s instead of the file.") % {
            "status": response.status
        }
        raise UserError(message, field="address", code="address_failed")
    if headers.get("content-encoding", "identity").lower() != "identity":
        # Nobody asked for it, and a few kilobytes could become terabytes.
        raise UserError(_("The site sends this file compressed."), field="address", code="address_failed")
    size = headers.get("content-length", "")
    return Download(
        target,
        _filename(target, headers),
        int(size) if size.isdecimal() else None,
        _before(deadline, response),
    )


def _before(deadline: float, response: httpcore.Response) -> Iterator[bytes]:
    with _as_user_errors():
        for chunk in response.iter_stream():
            if time.monotonic() > deadline:
                message = _("The site is too slow. Download the file yourself, then upload it.")
                raise UserError(message, field="address", code="address_slow")
            yield chunk


@contextmanager
def _as_user_errors() -> Iterator[None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        logger.info("A download failed: %r", error)
        raise _unreachable() from error


def _filename(target: Target, headers: dict[str, str]) -> str:
    _kind, said = parse_header_parameters(headers.get("content-disposition", ""))
    return (
        said.get("filename")
        or unquote(target.path.partition("?")[0]).rstrip("/").rpartition("/")[2]
        or target.host
    )
