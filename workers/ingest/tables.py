"""Parquet tables of kept rows, whose columns may become more on the way."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

LINE = "__line"
SOURCE_NAME = "source"
ROWS_NAME = "rows.parquet"
DATA_NAME = "data.parquet"

_BATCH_ROWS = 5_000
_BATCH_CHARACTERS = 8_000_000
_ROW_GROUP_ROWS = 10_000


def printable(text: str) -> str:
    """Make text storable and visible: NUL, undecoded bytes and lone surrogates become U+FFFD."""
    for bad in ("\0", "\ufdd0"):
        text = text.replace(bad, "\ufffd")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class RowsWriter:
    """Writes rows.parquet. New columns may appear in any row; earlier rows are null there.

    Parts with equal columns follow one another; several parts are merged into one file at the end.
    """

    def __init__(self, path: Path, work: Path) -> None:
        self._path, self._work = path, work
        self._parts: list[Path] = []
        self._writer: pq.ParquetWriter | None = None
        self._part_columns = 0
        self._pending: list[tuple[int, dict[str, str | None]]] = []
        self._characters = 0
        self.columns: dict[str, None] = {}
        self.count = 0

    def add(self, line: int, cells: dict[str, str | None], characters: int) -> None:
        self.count += 1
        for name in cells:
            if name not in self.columns:
                self.columns[name] = None
        self._pending.append((line, cells))
        self._characters += characters
        if len(self._pending) >= _BATCH_ROWS or self._characters >= _BATCH_CHARACTERS:
            self._flush()

    def _schema(self) -> pa.Schema:
        return pa.schema([(LINE, pa.int64()), *((name, pa.string()) for name in self.columns)])

    def _flush(self) -> None:
        if not self._pending:
            return
        if self._writer is None or self._part_columns != len(self.columns):
            self._begin_part()
        arrays = [pa.array([line for line, _ in self._pending], pa.int64())]
        arrays += [
            pa.array([cells.get(name) for _, cells in self._pending], pa.string()) for name in self.columns
        ]
        assert self._writer is not None  # noqa: S101
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema()))
        self._pending, self._characters = [], 0

    def _begin_part(self) -> None:
        if self._writer:
            self._writer.close()
        part = self._work / f"rows-{len(self._parts)}.parquet"
        self._parts.append(part)
        self._part_columns = len(self.columns)
        self._writer = pq.ParquetWriter(part, self._schema(), compression="zstd")

    def close(self) -> None:
        """Finish rows.parquet."""
        self._flush()
        if self._writer:
            self._writer.close()
        if len(self._parts) == 1:
            self._parts[0].replace(self._path)
            return
        schema = self._schema()
        with pq.ParquetWriter(self._path, schema, compression="zstd") as merged:
            for part in self._parts:
                with pq.ParquetFile(part) as file:
                    for batch in file.iter_batches(_BATCH_ROWS):
                        merged.write_batch(_widened(batch, schema))
                part.unlink()


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield the line and the cells of every row of rows.parquet."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS):
            for cells in batch.to_pylist():
                yield cells.pop(LINE), cells


def cell_text(value: Any) -> str | None:
    """Return a cell as text: None for empty, JSON for nested values, true and false in lower case."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if value is None or value == [] or value == {}:
        return None
    return json.dumps(value, ensure_ascii=False, default=str)


def _widened(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    have = {name: index for index, name in enumerate(batch.schema.names)}
    arrays = [
        batch.column(have[field.name]) if field.name in have else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class GroupWriter:
    """Writes tables as row groups of 10,000 rows, regardless of their sizes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._pending: list[pa.Table] = []
        self._rows = 0

    def write(self, table: pa.Table) -> None:
        self._pending.append(table)
        self._rows += table.num_rows
        if self._rows >= _ROW_GROUP_ROWS:
            self._drain(_ROW_GROUP_ROWS)

    def _drain(self, least: int) -> None:
        table = pa.concat_tables(self._pending) if self._pending else self._schema.empty_table()
        while table.num_rows >= least and table.num_rows:
            self._writer.write_table(table.slice(0, _ROW_GROUP_ROWS))
            table = table.slice(_ROW_GROUP_ROWS)
        self._pending, self._rows = [table], table.num_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drain(1)
        self._writer.close()
