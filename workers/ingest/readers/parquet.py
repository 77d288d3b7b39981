"""Parquet files, a batch of rows at a time; a row's line is its number, from 1. What a file expands to is known before."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.texts import Text
from workers.ingest.limits import Limits
from workers.ingest.readers.arrow_values import TypedTable
from workers.ingest.source import Bad, Row, Source
from workers.runtime.reporter import JobError

_READ_ROWS = 64
"""What Arrow makes of one read is known afterwards only: a text that a dictionary holds once may stand in every row."""
_BATCH_ROWS = 2048
_BATCH_BYTES = 16_000_000
DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, ValueError)


def read_parquet(source: Source) -> Iterator[Row | Bad]:
    """Yield every row. Raises JobError for a damaged or encrypted file, one with too many columns, or one that expands to
    more than may be read."""
    try:
        # Without pre-buffering: that would hold whole row groups.
        with pq.ParquetFile(source.path, pre_buffer=False) as file:
            _require_fits(file.metadata, source.limits)
            total, done = max(1, file.metadata.num_rows), 0
            table = TypedTable(file.schema_arrow, source)
            for batch in _batches(file):
                yield from table.rows(batch)
                done += batch.num_rows
                source.position = lambda done=done: source.size * done // total  # type: ignore[misc]
    except MemoryError:
        # Arrow's own is also one of its damages.
        raise
    except DAMAGE as error:
        raise damaged("Parquet", error) from error


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Small reads, joined as long as what they expanded to is no more than a batch may be."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    most = _batch_rows(file.metadata)
    if not any(pa.types.is_dictionary(field.type) for field in file.schema_arrow):
        # Columns that stay dictionaries do not expand, and each read loads their values again.
        most = min(_READ_ROWS, most)
    for batch in file.iter_batches(batch_size=most, use_threads=False):
        if held and (rows + batch.num_rows > _BATCH_ROWS or size + batch.nbytes > _BATCH_BYTES):
            yield _joined(held)
            held, rows, size = [], 0, 0
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def damaged(kind: str, error: Exception) -> JobError:
    said = str(error).split("\n")[0][:200]
    message = Text("readers.table_file_unreadable", kind=kind, error=said)
    return JobError("damaged_file", message, field="source")


def _require_fits(metadata: pq.FileMetaData, limits: Limits) -> None:
    limits.require_rows(metadata.num_rows)
    limits.require_unpacked(_unpacked(metadata))


def _unpacked(metadata: pq.FileMetaData) -> int:
    return sum(max(0, metadata.row_group(index).total_byte_size) for index in range(metadata.num_row_groups))


def _batch_rows(metadata: pq.FileMetaData) -> int:
    mean = max(1, _unpacked(metadata) // max(1, metadata.num_rows))
    return max(16, min(_BATCH_ROWS, _BATCH_BYTES // mean))
