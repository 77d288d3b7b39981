"""CSV and its relatives: any delimiter, quoted cells over several lines, with or without a header.

A record that is quoted wrongly costs its first line only: reading goes on at the next physical line, so that one
stray quotation mark never swallows the rest of a file.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TextIO

from workers.contracts.texts import Text
from workers.ingest.dialect import Dialect, find_dialect
from workers.ingest.header import column_names, looks_like_header, rows_above_header
from workers.ingest.readers.lines import Line, read_lines
from workers.ingest.readers.uneven_header import uneven_header
from workers.ingest.readers.unquoted import UNQUOTED, rejoined, width_by_header
from workers.ingest.source import Bad, Row, Source
from workers.runtime.reporter import JobError

_PREVIEW_RECORDS = 200
_REREAD_LIMIT = 1 << 29


class _Unclosed(Exception):
    """A record grew past the limit while a quotation mark was open."""


class _Feed:
    """Hands physical lines to csv.reader and remembers those of the record being read, to go back on an error."""

    def __init__(self, stream: TextIO, limit: int) -> None:
        self._lines = read_lines(stream, limit)
        self._again: deque[Line] = deque()
        self._limit = limit
        self._size = 0
        self._reread = 0
        self.record: list[Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.record.append(line)
        self._size += len(line.text)
        if line.overlong or self._size > self._limit:
            raise _Unclosed
        return line.text

    def begin(self) -> None:
        self.record = []
        self._size = 0

    def go_back(self) -> None:
        """Make the lines after the record's first one the next to be read."""
        self._again.extendleft(reversed(self.record[1:]))
        self._reread += self._size
        if self._reread > _REREAD_LIMIT:
            raise JobError(
                "broken_quotes",
                Text("readers.quotes_do_not_match", line=self.record[0].number),
                field="source",
            )


def _records(source: Source, stream: TextIO, dialect: Dialect) -> Iterator[tuple[int, list[str]] | Bad]:
    """Yield (line, cells) per record, or Bad. Blank lines, also of delimiters alone, and comments are counted; a comment
    ends with its line."""
    feed = _Feed(stream, source.record_limit)
    reader = dialect.reader(feed)
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _Unclosed) as error:
            first = feed.record[0]
            if dialect.begins_comment(first.text):
                source.comments += 1
            else:
                yield Bad(first.number, _reason(error, first, source), first.text)
            feed.go_back()
            continue
        if not any(line.text.replace(dialect.delimiter, "").strip() for line in feed.record):
            source.blank += len(feed.record)
        elif dialect.is_comment(cells):
            source.comments += 1
            feed.go_back()
        else:
            yield feed.record[0].number, cells


def _reason(error: Exception, first: Line, source: Source) -> Text:
    if first.overlong:
        return Text("readers.line_too_long", most=source.record_limit)
    if isinstance(error, _Unclosed) or "unexpected end of data" in str(error):
        return Text("readers.quote_not_closed")
    return Text("readers.quote_not_doubled")


_NULL = "\\N"
"""What MySQL and Postgres export for no value."""


def read_delimited(source: Source) -> Iterator[Row | Bad]:
    """Read a table. Raises JobError for a header without rows, and for too many columns."""
    dialect = find_dialect(source.sample(newline=""), source.extension)
    with source.open_text(newline="") as stream:
        records = _records(source, stream, dialect)
        yield from _table(source, dialect, records)


def _table(
    source: Source, dialect: Dialect, records: Iterator[tuple[int, list[str]] | Bad]
) -> Iterator[Row | Bad]:
    ahead = list(islice(records, _PREVIEW_RECORDS))
    names, header, is_short = _names(source, dialect, ahead)
    preamble = header is not None
    for record in _chained(ahead, records):
        if preamble and header and record[0] == header[0]:
            preamble = False
        elif isinstance(record, Bad):
            yield record
        elif preamble:
            yield Bad(record[0], Text("readers.above_header"), dialect.delimiter.join(record[1]))
        else:
            if is_short and len(record[1]) == len(names) - 1:
                record[1].append("")
            yield _row(record, names, dialect, source if header else None)


def _names(
    source: Source, dialect: Dialect, ahead: list[tuple[int, list[str]] | Bad]
) -> tuple[list[str], tuple[int, list[str]] | None, bool]:
    """Return the names of the columns, the line that holds them, and whether rows may lack the last one, by the first
    records of a table."""
    good = [record for record in ahead if not isinstance(record, Bad)]
    if good and good[0][1][0].startswith("sep=") and len(good[0][1]) <= 2:
        ahead.remove(good.pop(0))
        source.comments += 1
    named_width = width_by_header([cells for _, cells in good], dialect.delimiter)
    if named_width:
        good = [(line, rejoined(cells, named_width, dialect.delimiter) or cells) for line, cells in good]
    width = named_width or _width(good, dialect.width)
    uneven = None if named_width else uneven_header([cells for _, cells in good], width)
    if uneven and len(uneven.names) <= source.max_columns:
        source.warnings += [uneven.note] if uneven.note else []
        return column_names(uneven.names), good[0], len(uneven.names) > width
    full = [(line, cells[:width]) for line, cells in good if len(cells) in (width, dialect.width)]
    rows = [cells for _, cells in full]
    above = rows_above_header(rows)
    is_named = dialect.is_markdown or (bool(full) and looks_like_header(rows[above], rows[above + 1 :]))
    header = full[above] if full and is_named else None
    if header and len(ahead) == 1:
        raise JobError(
            "header_only",
            Text("readers.only_a_header"),
            field="source",
        )
    if width > source.max_columns:
        raise too_many_columns(width, source.max_columns)
    names = column_names(header[1] if header else [""] * width)
    if not header:
        source.notes.append(Text("readers.columns_numbered"))
    return names, header, False


def _chained(
    ahead: list[tuple[int, list[str]] | Bad], records: Iterator[tuple[int, list[str]] | Bad]
) -> Iterator[tuple[int, list[str]] | Bad]:
    yield from ahead
    yield from records


def _width(good: list[tuple[int, list[str]]], usual: int) -> int:
    """Return how many columns there are: rows that all end in a stray delimiter have one cell too many."""
    first = good[0][1] if good else []
    trailing = all(not any(cells[len(first) :]) for _, cells in good)
    return len(first) if first and trailing and len(first) < usual and looks_like_header(first, []) else usual


def _row(
    record: tuple[int, list[str]], names: list[str], dialect: Dialect, source: Source | None
) -> Row | Bad:
    """`source` is given where a header says how many columns there are."""
    line, cells = record
    if len(cells) > len(names) and not any(cell.strip() for cell in cells[len(names) :]):
        cells = cells[: len(names)]
    if source and (joined := rejoined(cells, len(names), dialect.delimiter)):
        source.note(UNQUOTED)
        cells = joined
    if len(cells) != len(names):
        reason = Text("readers.wrong_cell_count", cells=len(cells), columns=len(names))
        return Bad(line, reason, dialect.delimiter.join(cells))
    if _NULL in cells:
        cells = ["" if cell == _NULL else cell for cell in cells]
    return Row(line, dict(zip(names, cells, strict=True)))


def too_many_columns(count: int, limit: int) -> JobError:
    return JobError(
        "too_many_columns",
        Text("readers.too_many_columns", columns=count, most=limit),
        field="source",
    )
