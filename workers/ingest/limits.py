"""How much may be read from one file: rows, time, and what it expands to. A few kilobytes can stand for any of them."""

import time
from dataclasses import dataclass, field

from workers.contracts.fixes import file_too_slow
from workers.contracts.job_kinds.importing import ImportSpec
from workers.contracts.texts import Text
from workers.runtime.reporter import JobError


@dataclass
class Limits:
    """`unpacked_bytes` bounds what an archive or a typed file expands to, and the text that is kept of any file."""

    rows: int = 5_000_000
    seconds: float = 1800
    unpacked_bytes: int = 4 << 30
    _began: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, spec: ImportSpec) -> "Limits":
        return cls(spec.max_rows, spec.max_seconds, spec.max_unpacked_bytes)

    def require_rows(self, count: int) -> None:
        """Raises JobError when a file has more rows than may be read."""
        if count > self.rows:
            raise JobError(
                "too_many_rows",
                Text("files.too_many_rows", rows=self.rows),
                field="source",
            )

    def require_unpacked(self, size: int) -> None:
        """Raises JobError when a file expands to more bytes than may be read."""
        if size > self.unpacked_bytes:
            raise JobError(
                "too_large",
                Text("files.unpacked_too_large", size=_size(self.unpacked_bytes)),
                field="source",
            )

    def require_time(self) -> None:
        """Raises JobError when reading takes longer than it may."""
        if time.monotonic() - self._began > self.seconds:
            raise JobError("too_slow", file_too_slow(self.seconds), field="source")


def _size(size: int) -> Text:
    if size >= 1 << 30:
        return Text("files.gigabytes", size=size / (1 << 30))
    return Text("files.megabytes", size=max(1, size >> 20))
