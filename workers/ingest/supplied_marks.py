"""Marks of good and bad rows that a file brings along, as the freeze job follows them."""

import pyarrow.compute as pc
import pyarrow.parquet as pq

from workers.ingest.verdicts import Reading, is_no_mark, number_of, ratings_in, reading_of


def read_marks(file: pq.ParquetFile, column: str | None) -> Reading | None:
    """Return how a column is read, by all the numbers that it holds."""
    if column is None:
        return None
    numbers: set[float] = set()
    inner: set[float] = set()
    for batch in file.iter_batches(50_000, columns=[column]):
        texts = [text for text in pc.unique(batch.column(0)).to_pylist() if text and not is_no_mark(text)]
        numbers = _telling({*numbers, *(number for number in map(number_of, texts) if number is not None)})
        inner = _telling({*inner, *(number for text in texts for number in ratings_in(text))})
    return reading_of(column, numbers, inner=inner)


def _telling(numbers: set[float]) -> set[float]:
    """As few of many numbers as tell the same of their scale."""
    between = sorted(numbers - {-1.0, 0.0, 1.0})
    return (numbers & {-1.0, 0.0, 1.0}) | {*between[:1], *between[-1:]}
