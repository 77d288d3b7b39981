"""Parquet files, a batch of rows at a time; a row's line is its number, from 1."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workers.ingest.encodings import DAMAGE_HANDLER
from workers.ingest.header import column_names
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.source import Bad, Row, Source
from workers.runtime.reporter import JobError

_BATCH_ROWS = 2048
_BATCH_BYTES = 16_000_000
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, ValueError)


def read_parquet(source: Source) -> Iterator[Row | Bad]:
    """Yield every row. Raises JobError for a damaged or encrypted file or one with too many columns."""
    try:
        with pq.ParquetFile(source.path) as file:
            schema, total = file.schema_arrow, file.metadata.num_rows
            if len(schema) > source.max_columns:
                raise too_many_columns(len(schema), source.max_columns)
            names = column_names(schema.names)
            done = 0
            for batch in file.iter_batches(batch_size=_batch_rows(file.metadata)):
                yield from _rows(batch, names, done)
                done += batch.num_rows
                source.position = lambda done=done: source.size * done // max(1, total)  # type: ignore[misc]
    except MemoryError:
        # Arrow's own is also one of its damages.
        raise
    except _DAMAGE as error:
        raise JobError(
            "damaged_file",
            f"This Parquet file cannot be read ({str(error).splitlines()[0][:200]}). Write it again, "
            "without encryption, then upload it anew.",
            field="source",
        ) from error


def _batch_rows(metadata: pq.FileMetaData) -> int:
    unpacked = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    mean = max(1, unpacked // max(1, metadata.num_rows))
    return max(16, min(_BATCH_ROWS, _BATCH_BYTES // mean))


def _rows(batch: pa.RecordBatch, names: list[str], done: int) -> Iterator[Row | Bad]:
    columns = [_values(column) for column in batch.columns]
    for index in range(batch.num_rows):
        yield Row(done + index + 1, dict(zip(names, [column[index] for column in columns], strict=True)))


def _values(column: pa.Array) -> list[Any]:
    """Return Python values: nested ones as lists and dictionaries, all others as text."""
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_boolean(kind):
        return column.to_pylist()
    if pa.types.is_dictionary(kind):
        return _values(column.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = column.cast(pa.large_binary())
    if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind) or column.type == pa.large_binary():
        return [
            None if value is None else value.decode("utf-8", DAMAGE_HANDLER) for value in column.to_pylist()
        ]
    return column.cast(pa.string()).to_pylist()
