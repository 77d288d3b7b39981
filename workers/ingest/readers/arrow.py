"""Arrow files and streams (IPC, Feather version 2): what `datasets` leaves on a disk, and what pandas writes as Feather."""

from collections.abc import Iterator

import pyarrow as pa

from workers.ingest.limits import Limits
from workers.ingest.readers.arrow_values import TypedTable
from workers.ingest.readers.parquet import DAMAGE, damaged
from workers.ingest.source import Bad, Row, Source

_BATCH_ROWS = 2048


def read_arrow(source: Source) -> Iterator[Row | Bad]:
    """Yield every row. Raises JobError for a damaged file, or one that expands to more than may be read."""
    try:
        with pa.memory_map(str(source.path)) as mapped:
            is_file = mapped.read(6) == b"ARROW1"
            mapped.seek(0)
            yield from _file(source, mapped) if is_file else _stream(source, mapped)
    except MemoryError:
        raise
    except DAMAGE as error:
        raise damaged("Arrow", error) from error


def _file(source: Source, mapped: pa.MemoryMappedFile) -> Iterator[Row | Bad]:
    with pa.ipc.open_file(mapped, options=pa.ipc.IpcReadOptions(use_threads=False)) as reader:
        table, rows = TypedTable(reader.schema, source), 0
        for index in range(reader.num_record_batches):
            batch = reader.get_batch(index)
            rows += batch.num_rows
            yield from _rows(table, batch, rows, source.limits)
            share = (index + 1) / reader.num_record_batches
            source.position = lambda share=share: round(source.size * share)  # type: ignore[misc]


def _stream(source: Source, mapped: pa.MemoryMappedFile) -> Iterator[Row | Bad]:
    source.position = lambda: source.size if mapped.closed else mapped.tell()
    with pa.ipc.open_stream(mapped, options=pa.ipc.IpcReadOptions(use_threads=False)) as reader:
        table, rows = TypedTable(reader.schema, source), 0
        for batch in reader:
            rows += batch.num_rows
            yield from _rows(table, batch, rows, source.limits)


def _rows(table: TypedTable, batch: pa.RecordBatch, rows: int, limits: Limits) -> Iterator[Row | Bad]:
    """The rows of a batch in slices: a batch may hold the whole file. `rows` are those so far, with these."""
    limits.require_rows(rows)
    batch.validate()
    for start in range(0, batch.num_rows, _BATCH_ROWS):
        yield from table.rows(batch.slice(start, _BATCH_ROWS))
