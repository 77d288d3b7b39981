"""The file that is being read, and what every reader yields from it."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from workers.ingest.encodings import DAMAGE_HANDLER
from workers.ingest.limits import Limits

SAMPLE_BYTES = 256 * 1024


class Row(NamedTuple):
    """One record: `line` is the physical line (1-based) on which it begins; nested values are still nested."""

    line: int
    cells: dict[str, Any]


class Bad(NamedTuple):
    """A record that cannot become a row; `text` is how it looks in the file."""

    line: int
    reason: str
    text: str


class Cells(NamedTuple):
    """A record that has values and no names yet; `text` is how it looks in the file."""

    line: int
    values: list[Any]
    text: str


@dataclass
class Source:
    """A file with its encoding and limits; `notes` collects what the user should know about how it was read."""

    path: Path
    filename: str
    encoding: str = "utf-8"
    errors: str = DAMAGE_HANDLER
    """How bytes are read that the encoding does not have."""
    max_cell_bytes: int = 1_000_000
    max_columns: int = 500
    limits: Limits = field(default_factory=Limits)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What the user should know before anything else: texts that may be read wrongly."""
    parts: list[str] = field(default_factory=list)
    """Sheets of a workbook or files of an archive, of which `part` is read."""
    part: str | None = None
    blank: int = 0
    """Lines of the source that hold nothing."""
    comments: int = 0
    """Lines of the source that are remarks. Rows, rejects, blank lines, comments and the header are all there is."""
    position: Callable[[], int] = lambda: 0
    share_before: float = 0.0
    """Of the progress bar, taken by what came before reading."""

    _characters: int = 0

    def note(self, text: str) -> None:
        """Add to `notes` what is not said there yet."""
        if text not in self.notes:
            self.notes.append(text)

    def count(self, characters: int) -> None:
        """Add what a row holds to the text that was read so far. Raises JobError when that is more than may be read."""
        self._characters += characters
        self.limits.require_unpacked(self._characters)

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def extension(self) -> str:
        return Path(self.filename).suffix.lower()

    @property
    def record_limit(self) -> int:
        """Longest record (characters) that is held in memory while looking for its end."""
        return 16 * self.max_cell_bytes

    def open_text(self, newline: str | None = None) -> io.TextIOWrapper:
        """Open decoded; undecodable bytes are read as `errors` says. Reading moves `position`."""
        raw = self.path.open("rb")
        self.position = lambda: self.size if raw.closed else raw.tell()
        return io.TextIOWrapper(raw, encoding=self.encoding, errors=self.errors, newline=newline)

    def sample(self, newline: str | None = None) -> str:
        """The beginning of the text, cut after a whole line where there is one."""
        with self.open_text(newline) as stream:
            text = stream.read(SAMPLE_BYTES)
            more = stream.read(1)
        if more:
            cut = max(text.rfind("\n"), text.rfind("\r")) + 1
            text = text[:cut] if cut else text
        return text
