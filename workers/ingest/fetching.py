"""Fetching what a person's address names, without becoming their way into the network that the worker stands in.

workers.shared.addresses decides where this may go. What it gives is read piece by piece, within a time and a size.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpcore
import httpx

from workers.contracts.job_kinds.importing import (
    ADDRESS_VARIABLE,
    ALLOWED_VARIABLE,
    FetchedSource,
    ImportSpec,
)
from workers.contracts.texts import Text
from workers.runtime.reporter import JobError, Reporter
from workers.shared.addresses import (
    AddressRefused,
    Allowance,
    Resolve,
    Target,
    checked_addresses,
    parse_target,
    read_allowances,
    system_resolve,
)

MOST_REDIRECTS = 5
LONGEST_SECONDS = 600
"""For the whole download, the headers included, so that a site that trickles holds nothing for long."""
LISTENING_SECONDS = 1.0
"""Seconds between two looks whether the job is to stop, while a site is silent."""
_TIMEOUTS = {"connect": 10.0, "read": 30.0, "write": 10.0, "pool": 10.0}
_REDIRECTS = {301, 302, 303, 307, 308}
_TRANSPORT = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError)


class TooSlow(Exception):
    """The deadline has passed."""


@dataclass
class Watch:
    """Asked while a site is waited for: ends the download at its deadline, or when the job is told to stop."""

    raise_if_stopping: Callable[[], None] = lambda: None
    deadline: float = field(default_factory=lambda: time.monotonic() + LONGEST_SECONDS)

    def look(self) -> None:
        self.raise_if_stopping()
        if time.monotonic() > self.deadline:
            raise TooSlow


@dataclass(frozen=True)
class Download:
    """A file on its way in; `size` in bytes when the site says it."""

    filename: str
    size: int | None
    chunks: Iterator[bytes]


def fetch_source(spec: ImportSpec, path: Path, reporter: Reporter, *, share: float) -> FetchedSource:
    """Write what the address of the environment gives to `path`; the bar then stands at `share`. Raises JobError."""
    allowed = read_allowances([entry for entry in os.environ.get(ALLOWED_VARIABLE, "").split(",") if entry])
    with download(
        os.environ[ADDRESS_VARIABLE], allowed=allowed, watch=Watch(reporter.raise_if_stopping)
    ) as found:
        if found.size is not None:
            _require_fits(found.size, spec)

        def on_bytes(done: int) -> None:
            fraction = share * done / found.size if found.size else None
            reporter.progress(Text("files.phase_fetching"), done, found.size, fraction=fraction)

        size, sha256 = _write(path, found.chunks, spec, on_bytes)
    if not size:
        raise JobError("empty_file", Text("files.address_empty"), field="address")
    return FetchedSource(filename=found.filename, bytes=size, sha256=sha256)


def _write(
    path: Path, chunks: Iterable[bytes], spec: ImportSpec, on_bytes: Callable[[int], None]
) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            _require_fits(size, spec)
            digest.update(chunk)
            stream.write(chunk)
            on_bytes(size)
    return size, digest.hexdigest()


def _require_fits(size: int, spec: ImportSpec) -> None:
    if spec.limit_bytes is not None and size > spec.limit_bytes:
        limit = spec.limit_bytes >> 20
        message = Text("files.too_large", megabytes=limit)
        raise JobError("too_large", message, field="address")
    if spec.room_bytes is not None and size > spec.room_bytes:
        message = Text("files.storage_full")
        raise JobError("quota_exceeded", message, field="address")


@contextmanager
def download(
    address: str,
    *,
    allowed: Sequence[Allowance] = (),
    resolve: Resolve = system_resolve,
    watch: Watch | None = None,
) -> Iterator[Download]:
    """Open `address` for reading. Raises JobError (field `address`), also while `chunks` are read."""
    pinned = _Pinned(resolve, allowed, watch or Watch())
    context = httpx.create_ssl_context(trust_env=False)
    with ExitStack() as held:
        pool = held.enter_context(
            httpcore.ConnectionPool(ssl_context=context, network_backend=pinned, max_connections=1)
        )
        with _as_job_errors():
            found = _arrive(pool, held, address, allowed)
        yield found


def _arrive(
    pool: httpcore.ConnectionPool, held: ExitStack, address: str, allowed: Sequence[Allowance]
) -> Download:
    """What is there in the end. `held` keeps the answer open."""
    target = parse_target(address, allowed)
    for _redirect in range(MOST_REDIRECTS + 1):
        opened = ExitStack()
        with opened:
            response = opened.enter_context(_asked(pool, target))
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            if response.status not in _REDIRECTS:
                found = _opened(target, response, headers)
                held.enter_context(opened.pop_all())
                return found
        target = _followed(target, headers.get("location", ""), allowed)
    raise AddressRefused(address, Text("files.too_many_redirects", most=MOST_REDIRECTS))


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
        raise NotImplementedError("people's addresses never name a socket of this machine")


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


def _followed(target: Target, location: str, allowed: Sequence[Allowance] = ()) -> Target:
    try:
        address = urljoin(str(target), location)
    except ValueError as error:
        raise AddressRefused(location, str(error)) from error
    found = parse_target(address, allowed)
    if target.scheme == "https" and found.scheme == "http":
        raise AddressRefused(str(found), Text("files.redirect_to_http"))
    return found


def _opened(target: Target, response: httpcore.Response, headers: dict[str, str]) -> Download:
    if response.status != 200:
        message = Text("files.site_status", status=response.status)
        raise JobError("address_failed", message, field="address")
    if headers.get("content-encoding", "identity").lower() != "identity":
        # It was not asked for, and a few kilobytes could become terabytes.
        raise JobError("address_failed", Text("files.site_compresses"), field="address")
    size = headers.get("content-length", "")
    return Download(
        _filename(target, headers),
        int(size) if size.isdecimal() else None,
        _read(response),
    )


def _read(response: httpcore.Response) -> Iterator[bytes]:
    with _as_job_errors():
        yield from response.iter_stream()


@contextmanager
def _as_job_errors() -> Iterator[None]:
    """What a person reads says nothing about the network; the reason is for the log of the worker."""
    try:
        yield
    except AddressRefused as error:
        message = Text("files.address_refused")
        raise JobError("address_refused", message, field="address", note=str(error)) from None
    except TooSlow:
        message = Text("files.site_too_slow")
        raise JobError("address_slow", message, field="address") from None
    except _TRANSPORT as error:
        message = Text("files.site_unreachable")
        raise JobError("address_unreachable", message, field="address", note=repr(error)) from None


def _filename(target: Target, headers: dict[str, str]) -> str:
    header = Message()
    header["Content-Disposition"] = headers.get("content-disposition", "")
    return header.get_filename() or target.filename
