"""Tables in storage as files for people: the Parquet file as it is, or CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from apps.core.spreadsheets import inert

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_BATCH_ROWS = 500
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Without it Excel does not read a CSV file as UTF-8."""


def safe_cell(value: Any) -> Any:
    """`value` as a cell that no spreadsheet computes."""
    return inert(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Table:
    """A Parquet file in a folder of storage, with the columns that its CSV has and how their cells are written."""

    folder: str
    name: str
    columns: tuple[str, ...]
    cell: Callable[[Any], Any] = safe_cell
    titles: Mapping[str, str] = field(default_factory=dict)
    """What the CSV calls columns that have another name there."""

    @property
    def key(self) -> str:
        return f"{self.folder}/{self.name}"


def csv_chunks(path: Path, table: Table) -> Iterator[bytes]:
    """The rows of `table`, whose file is at `path`, as CSV, some hundred at a time."""
    with pq.ParquetFile(path) as file:
        # Files of earlier releases may have fewer columns.
        columns = [name for name in table.columns if name in file.schema_arrow.names]
        yield _BYTE_ORDER_MARK + _lines([[safe_cell(table.titles.get(name, name)) for name in columns]])
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
            yield _lines([[table.cell(row[name]) for name in columns] for row in batch.to_pylist()])


def _lines(rows: list[list[Any]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
