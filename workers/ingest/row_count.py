"""Refuses a text with too many rows before any of them is converted and written, which takes most of an import's time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from workers.ingest.formats import ImportFormat
from workers.ingest.source import Source

_CHUNK = 1 << 20
_LOOK_EVERY = 5_000
"""Rows."""


def require_few_enough(source: Source, format_: ImportFormat, on_rows: Callable[[int], None]) -> None:
    """Read a text that has more lines than it may have rows once without keeping anything.

    Lines alone decide nothing: cells hold line ends, and blank lines are no rows. Binary formats state their rows.
    `on_rows` hears how far counting has come. Raises JobError when it has too many rows.
    """
    if format_.is_binary or not _has_more_lines(source.path, source.limits.rows):
        return
    # What reading notes and counts belongs to the source, and is noted when it is read for good.
    apart = replace(source, notes=[], warnings=[], parts=list(source.parts), following=[])
    for number, _ in zip(count(1), format_.read(apart), strict=False):
        if number % _LOOK_EVERY == 0:
            on_rows(number)
        source.limits.require_rows(number)


def _has_more_lines(path: Path, limit: int) -> bool:
    """Whether a file has more line ends than `limit`: LF, or CR where it has no LF."""
    feeds = returns = 0
    for chunk in _chunks(path):
        feeds += chunk.count(b"\n")
        returns += chunk.count(b"\r")
        if max(feeds, returns) > limit:
            return True
    return False


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk
