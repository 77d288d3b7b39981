"""Fetches the file at an address that a user entered. It is read piece by piece, within a time and a size.

workers.shared.outgoing_requests checks where the address leads.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import urljoin

import httpcore

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
    parse_target,
    read_allowances,
    system_resolve,
)
from workers.shared.outgoing_requests import TRANSPORT_ERRORS, TooSlow, Watch, open_pool, send

MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}


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
    with ExitStack() as held:
        pool = held.enter_context(open_pool(allowed=allowed, resolve=resolve, watch=watch or Watch()))
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
            response = opened.enter_context(send(pool, target))
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            if response.status not in _REDIRECTS:
                found = _opened(target, response, headers)
                held.enter_context(opened.pop_all())
                return found
        target = _followed(target, headers.get("location", ""), allowed)
    raise AddressRefused(address, Text("files.too_many_redirects", most=MOST_REDIRECTS))


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
    except TRANSPORT_ERRORS as error:
        message = Text("files.site_unreachable")
        raise JobError("address_unreachable", message, field="address", note=repr(error)) from None


def _filename(target: Target, headers: dict[str, str]) -> str:
    header = Message()
    header["Content-Disposition"] = headers.get("content-disposition", "")
    return header.get_filename() or target.filename
