"""Parquet files, a batch of rows at a time; a row's line is its number, from 1. What a file expands to is known before."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from workers.ingest.limits import Limits
from workers.ingest.readers.arrow_values import TypedTable
from workers.ingest.source import Bad, Row, Source
from workers.runtime.reporter import JobError

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
            for batch in file.iter_batches(batch_size=_batch_rows(file.metadata), use_threads=False):
                yield from table.rows(batch)
                done += batch.num_rows
                source.position = lambda done=done: source.size * done // total  # type: ignore[misc]
    except MemoryError:
        # Arrow's own is also one of its damages.
        raise
    except DAMAGE as error:
        raise damaged("Parquet", error) from error


def damaged(kind: str, error: Exception) -> JobError:
    said = str(error).split("\n")[0][:200]
    message = f"This {kind} file cannot be read ({said}). Write it again, without encryption, then upload it."
    return JobError("damaged_file", message, field="source")


def _require_fits(metadata: pq.FileMetaData, limits: Limits) -> None:
    limits.require_rows(metadata.num_rows)
    limits.require_unpacked(_unpacked(metadata))


def _unpacked(metadata: pq.FileMetaData) -> int:
    return sum(max(0, metadata.row_group(index).total_byte_size) for index in range(metadata.num_row_groups))


def _batch_rows(metadata: pq.FileMetaData) -> int:
    mean = max(1, _unpacked(metadata) // max(1, metadata.num_rows))
    return max(16, min(_BATCH_ROWS, _BATCH_BYTES // mean))
