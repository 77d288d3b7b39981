"""One JSON document: an array of objects, {"data": [...]}, objects one after another, or a table in another orientation
(json_shapes); read as a stream. A broken item costs itself only, an item larger than the window's limit is skipped.
"""

import re
from collections.abc import Generator, Iterator

from workers.contracts.texts import Text
from workers.ingest.readers.json_items import exploded
from workers.ingest.readers.json_shapes import begins_with_splits, find_shape
from workers.ingest.readers.json_tables import read_shape
from workers.ingest.readers.json_window import CHUNK, DECODER, GAP, Window, read_value
from workers.ingest.readers.jsonl import row_of
from workers.ingest.readers.lists import tabled, with_split
from workers.ingest.source import Bad, Cells, Row, Source

_CUT = Text("readers.list_never_closed")

_WRAPPER = re.compile(
    r'"(data|rows|examples|items|records|results|train|training|validation|valid|val|dev|test|testing|eval|evaluation)"'
    r"\s*:\s*\["
)


def _items(window: Window, source: Source) -> Generator[Row | Bad | Cells, None, bool]:
    """Yield items up to the array's closing bracket or the end of the text; return whether there was a bracket."""
    while (mark := window.skip_gap()) and mark not in "]}":
        yield _item(window, source.record_limit)
    window.at += bool(mark)
    window.is_open |= not mark
    return bool(mark)


def _item(window: Window, limit: int) -> Row | Bad | Cells:
    found = read_value(window, limit)
    return found if isinstance(found, Bad) else row_of(*found)


def read_json(source: Source) -> Iterator[Row | Bad]:
    """Yield one row or reject per item; where the whole document stands in one line, `line` counts items instead."""
    records = exploded(tabled(_document(source), source), source)
    if "\n" in source.sample().strip():
        yield from records
        return
    source.notes.append(Text("readers.one_long_line"))
    for number, record in enumerate(records, start=1):
        yield record._replace(line=number)


def _document(source: Source) -> Iterator[Row | Bad | Cells]:
    with source.open_text() as stream:
        window = Window(stream)
        window.grow()
        window.at = 1 if window.text.startswith("\ufeff") else 0
        mark = window.skip_gap()
        if mark == "[":
            window.at += 1
            read = _listed_tables if _holds_splits(window) else _items
            is_closed = yield from read(window, source)
            yield from _rest(window) if is_closed else _cut(window, source)
        elif mark == "{" and (not _is_sequence(window) or _holds_splits(window)):
            yield from _tables(window, source)
        elif mark:
            yield from _sequence(window, source)
        source.comments += window.comments
        if window.splits:
            source.notes.append(Text("readers.splits_read", splits=list(window.splits)))


def _holds_splits(window: Window) -> bool:
    return window.skip_gap() == "{" and begins_with_splits(window.text[window.at :])


def _tables(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """Yield the rows of one object that holds a table, or of several such objects, one after another."""
    while window.skip_gap() == "{":
        if shape := find_shape(window):
            yield from read_shape(shape, window, source)
        elif _WRAPPER.search(window.text, window.at, window.at + CHUNK):
            yield from _wrapped(window, source)
            break
        else:
            yield from _sequence(window, source)
            return
    else:
        if not window.is_open and not window.is_cut:
            yield from _rest(window)
    if window.is_open or window.is_cut:
        yield from _cut(window, source)


def _listed_tables(window: Window, source: Source) -> Generator[Row | Bad | Cells, None, bool]:
    """Yield the rows of the tables in a list up to its closing bracket; return whether there was one."""
    while (mark := window.skip_gap()) and mark not in "]}":
        shape = find_shape(window)
        if shape is None:
            yield _item(window, source.record_limit)
        else:
            yield from read_shape(shape, window, source)
    window.at += bool(mark)
    return bool(mark) and not window.is_open and not window.is_cut


def _sequence(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    yield from _items(window, source)
    yield from _rest(window)


def _cut(window: Window, source: Source) -> Iterator[Bad]:
    source.notes.append(Text("readers.file_incomplete"))
    if not window.is_cut:  # else the item that is cut already says so
        yield Bad(window.line, _CUT, window.text[max(0, window.at - 200) : window.at])


def _rest(window: Window) -> Iterator[Bad]:
    """What follows the end of the document is one reject."""
    if window.skip_gap():
        yield Bad(window.line, Text("readers.after_the_document"), window.text[window.at :])


def _is_sequence(window: Window) -> bool:
    """Whether a whole first object is followed by another one."""
    try:
        _, end = DECODER.raw_decode(window.text, window.at)
    except (ValueError, RecursionError):
        return False
    gap = GAP.match(window.text, end)
    return bool(gap and window.text[gap.end() :].startswith("{"))


def _wrapped(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    found: list[str] = []
    while True:
        match = _WRAPPER.search(window.text, window.at)
        if match:
            window.advance(match.end())
            found.append(match[1])
            yield from with_split(_items(window, source), match[1], source)
            continue
        # Keep a tail: a wrapper's name may be cut by the end of the window.
        window.advance(max(window.at, len(window.text) - 64))
        if not window.grow():
            break
    source.notes.append(Text("readers.lists_read", lists=list(found)))
