"""HTTP requests to addresses that users entered, which lead nowhere but to the public network.

workers.shared.addresses decides which addresses are open. The connection goes to an address that was checked in the same
moment, so that a name that answers differently a moment later changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from workers.shared.addresses import (
    Allowance,
    Resolve,
    Target,
    checked_addresses,
    parse_target,
    system_resolve,
)

Headers = dict[bytes | str, bytes | str]

LONGEST_SECONDS = 600
"""For a whole exchange, the headers included, so that a site that trickles holds nothing for long."""
LISTENING_SECONDS = 1.0
"""Seconds between two looks whether the exchange is to end, while a site is silent."""
TRANSPORT_ERRORS = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError)
_TIMEOUTS = {"connect": 10.0, "read": 30.0, "write": 10.0, "pool": 10.0}


class TooSlow(Exception):
    """The deadline has passed."""


@dataclass
class Watch:
    """Asked while a site is waited for: ends the exchange at its deadline, or when the job is told to stop."""

    raise_if_stopping: Callable[[], None] = lambda: None
    deadline: float = field(default_factory=lambda: time.monotonic() + LONGEST_SECONDS)

    def look(self) -> None:
        self.raise_if_stopping()
        if time.monotonic() > self.deadline:
            raise TooSlow


def open_pool(
    *, allowed: Sequence[Allowance], resolve: Resolve = system_resolve, watch: Watch
) -> httpcore.ConnectionPool:
    """Return a pool whose connections are checked. No proxy of the environment is used."""
    context = httpx.create_ssl_context(trust_env=False)
    pinned = _Pinned(resolve, allowed, watch)
    return httpcore.ConnectionPool(ssl_context=context, network_backend=pinned, max_connections=1)


def send(
    pool: httpcore.ConnectionPool,
    target: Target,
    *,
    method: str = "GET",
    content: bytes | None = None,
    headers: Headers | None = None,
) -> AbstractContextManager[httpcore.Response]:
    """Ask `target` and open its answer. Redirects are not followed."""
    sent: Headers = {
        "Host": target.authority,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "Maquette",
    }
    sent.update(headers or {})
    url = httpcore.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=target.path.encode(),
    )
    return pool.stream(method, url, headers=sent, content=content, extensions={"timeout": _TIMEOUTS})


def post_json(
    address: str,
    content: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    allowed: Sequence[Allowance] = (),
    resolve: Resolve = system_resolve,
    seconds: float = 10.0,
) -> int:
    """Send JSON to `address` within `seconds`, and return the status of the answer.

    Raises AddressRefused for an address that is not open, TooSlow, and one of TRANSPORT_ERRORS where no site answers.
    """
    target = parse_target(address, allowed)
    watch = Watch(deadline=time.monotonic() + seconds)
    sent: Headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    sent.update((headers or {}).items())
    with (
        open_pool(allowed=allowed, resolve=resolve, watch=watch) as pool,
        send(pool, target, method="POST", content=content, headers=sent) as response,
    ):
        return int(response.status)


class _Pinned(httpcore.NetworkBackend):
    """Connects to addresses that were checked in the same moment; the name is not looked up again."""

    def __init__(self, resolve: Resolve, allowed: Sequence[Allowance], watch: Watch) -> None:
        self._resolve, self._allowed, self._watch = resolve, allowed, watch
        self._plain = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError("no address")
        for address in checked_addresses(host, port, self._resolve, self._allowed):
            self._watch.look()
            try:
                stream = self._plain.connect_tcp(address, port, *args, **kwargs)
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                failed = error
            else:
                return _Watched(stream, self._watch)
        raise failed

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise NotImplementedError("addresses of users never name a socket of this machine")


class _Watched(httpcore.NetworkStream):
    """A connection that is looked away from once a second: a byte now and then, also in a header, does not hold it open."""

    def __init__(self, inner: httpcore.NetworkStream, watch: Watch) -> None:
        self._inner, self._watch = inner, watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        until = time.monotonic() + (_TIMEOUTS["read"] if timeout is None else timeout)
        while True:
            self._watch.look()
            try:
                return self._inner.read(max_bytes, LISTENING_SECONDS)
            except httpcore.ReadTimeout:
                if time.monotonic() > until:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._watch.look()
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Watched(self._inner.start_tls(*args, **kwargs), self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
