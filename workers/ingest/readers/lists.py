"""Rows that come as lists: named by their first one where that is a header, as in a CSV file, else numbered."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from workers.contracts.texts import Text
from workers.ingest.header import column_names, looks_like_header
from workers.ingest.source import Bad, Cells, Row, Source
from workers.ingest.split_names import SPLIT_COLUMN, split_of_name

_PREVIEW = 200


def tabled(records: Iterable[Row | Bad | Cells], source: Source) -> Iterator[Row | Bad]:
    """Name the values of lists where these are the rows; among objects with named fields, a list is none."""
    waiting = iter(records)
    for record in waiting:
        if isinstance(record, Row):
            yield record
            yield from map(_refused, waiting)
            return
        if isinstance(record, Bad):
            yield record
            continue
        ahead: list[Row | Bad | Cells] = [record]
        for following in waiting:
            ahead.append(following)
            if len(ahead) >= _PREVIEW:
                break
        lists = [cells.values for cells in ahead if isinstance(cells, Cells)]
        names, has_header = _named(lists, source)
        yield from (_row(each, names) for each in chain(ahead[has_header:], waiting))
        return


def with_split(
    records: Iterable[Row | Bad | Cells], name: str, source: Source
) -> Iterator[Row | Bad | Cells]:
    """Rows of a table that is named after a split say so in a column, unless they have one of that name."""
    if split_of_name(name) is None:
        yield from records
        return
    for record in tabled(records, source):
        if isinstance(record, Row) and SPLIT_COLUMN not in record.cells:
            record = record._replace(cells={**record.cells, SPLIT_COLUMN: name})
        yield record


def _refused(record: Row | Bad | Cells) -> Row | Bad:
    if not isinstance(record, Cells):
        return record
    return Bad(record.line, Text("readers.list_not_an_object"), record.text)


def _named(lists: list[list[Any]], source: Source) -> tuple[list[str], bool]:
    width = max(set(map(len, lists)), key=[len(values) for values in lists].count)
    texts = [[_text(value) for value in values] for values in lists if len(values) == width]
    first = lists[0]
    if (
        len(first) == width
        and len(texts) > 1
        and all(isinstance(value, str) for value in first)
        and looks_like_header(texts[0], texts[1:])
    ):
        return column_names(texts[0]), True
    source.note(Text("readers.rows_are_lists"))
    return column_names([""] * width), False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _row(record: Row | Bad | Cells, names: list[str]) -> Row | Bad:
    if not isinstance(record, Cells):
        return record
    if len(record.values) != len(names):
        reason = Text("readers.wrong_value_count", values=len(record.values), columns=len(names))
        return Bad(record.line, reason, record.text)
    return Row(record.line, dict(zip(names, record.values, strict=True)))
