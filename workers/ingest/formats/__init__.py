"""Formats of files that can be imported, one file per format: how it is recognized and how it is read.

A format outside this package is a module that the environment names: `EXTENSIONS=import_formats:my_formats.ini_files`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.contracts.registry import Registry
from workers.ingest.source import Bad, Row, Source


@dataclass(frozen=True)
class ImportFormat:
    """A format is binary, and then recognized by `begins`, or a text, and then by `matches`. The first that says yes is
    taken, so that a special format has a lower order than a general one."""

    name: str
    """Stored with each import."""
    read: Callable[[Source], Iterator[Row | Bad]]
    begins: Callable[[bytes, Path], bool] | None = None
    """Whether a file whose first bytes are these is in this format."""
    matches: Callable[[Source], bool] | None = None
    """Whether a text is in this format. Raises JobError for one that cannot be imported."""
    is_one_value: bool = False
    """Whether a file can be one single value, which is then one row."""

    @property
    def is_binary(self) -> bool:
        return self.begins is not None


IMPORT_FORMATS: Registry[ImportFormat] = Registry("import_formats", "workers.ingest.formats")
