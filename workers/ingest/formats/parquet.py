"""Parquet files."""

from pathlib import Path

from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.readers.parquet import read_parquet


def _begins(head: bytes, path: Path) -> bool:
    return head.startswith(b"PAR1")


PARQUET = IMPORT_FORMATS.add(ImportFormat(name="parquet", read=read_parquet, begins=_begins), order=10)
