"""Zip files that are sent while they are written: neither the web process nor its disk holds a whole one."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every entry, the earliest that a zip can hold. The same content always gives the same file."""


@dataclass(frozen=True)
class Entry:
    """A file of the archive. `chunks` is called only when the archive has reached this file."""

    name: str
    chunks: Callable[[], Iterable[bytes]]
    compressed: bool = True


class _Sink(io.RawIOBase):
    """A buffer between the archive and the response. It cannot seek, so zipfile writes sizes after the content."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> Iterator[bytes]:
        """Yield the bytes written since the last call, if there are any."""
        joined = b"".join(self._parts)
        self._parts.clear()
        if joined:
            yield joined


def zip_chunks(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield a zip file of the entries, in their order."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", allowZip64=True) as archive:
        for entry in entries:
            about = zipfile.ZipInfo(entry.name, _EPOCH)
            about.external_attr = 0o644 << 16
            about.compress_type = zipfile.ZIP_DEFLATED if entry.compressed else zipfile.ZIP_STORED
            with archive.open(about, "w", force_zip64=True) as target:
                for chunk in entry.chunks():
                    target.write(chunk)
                    yield from sink.take()
    yield from sink.take()
