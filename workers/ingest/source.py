"""The file that is being read, and what every reader yields from it."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from workers.contracts.texts import Text
from workers.ingest.encodings import DAMAGE_HANDLER
from workers.ingest.limits import Limits

SAMPLE_BYTES = 256 * 1024
_LISTED = 4
"""Names of parts."""


class Row(NamedTuple):
    """One record: `line` is the physical line (1-based) on which it begins; nested values are still nested."""

    line: int
    cells: dict[str, Any]


class Bad(NamedTuple):
    """A record that cannot become a row; `text` is how it looks in the file."""

    line: int
    reason: Text
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
    notes: list[Text] = field(default_factory=list)
    warnings: list[Text] = field(default_factory=list)
    """What the user should know before anything else: texts that may be read wrongly."""
    parts: list[str] = field(default_factory=list)
    """Sheets of a workbook or files of an archive, of which `part` is read."""
    part: str | None = None
    written_from: str = ""
    """The format of the files that the studio wrote this one from, such as the texts of an archive. Its encoding is no choice."""
    split: str = ""
    """What the part that is read says of the split of its rows: its own name, where others hold the other splits."""
    following: list["Source"] = field(default_factory=list)
    """Parts that are read after this one, as rows of the same table. Readers may find them."""
    blank: int = 0
    """Lines of the source that hold nothing."""
    comments: int = 0
    """Lines of the source that are remarks. Rows, rejects, blank lines, comments and the header are all there is."""
    last_line: int = 0
    """The last line of which a record was read."""
    position: Callable[[], int] = lambda: 0
    share_before: float = 0.0
    """Of the progress bar, taken by what came before reading."""

    _characters: int = 0

    def read_splits(self, splits: Mapping[str, str], files: Sequence[tuple[Path, str]]) -> None:
        """Read several parts that are named after splits, this one first. They share the notes; what each counts is added
        when it was read."""
        names = list(splits)
        self.split = splits[names[0]]
        self.following = [
            replace(
                self,
                path=path,
                filename=filename,
                part=name,
                split=splits[name],
                following=[],
                blank=0,
                comments=0,
            )
            for name, (path, filename) in zip(names[1:], files[1:], strict=True)
        ]
        more = len(names) - _LISTED
        self.notes.append(
            Text("files.parts_joined_and_more", parts=names[:_LISTED], more=more)
            if more > 0
            else Text("files.parts_joined", parts=names)
        )
        self.part = " + ".join(names[:_LISTED]) + (
            f" + {len(names) - _LISTED}" if len(names) > _LISTED else ""
        )
        self.parts = [self.part, *self.parts]

    def note(self, text: Text) -> None:
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
