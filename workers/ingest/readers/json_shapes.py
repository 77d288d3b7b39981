"""Tables in one JSON object, as pandas and others write them: by column, by index, split, or under some name.

The shape is judged from the beginning of the text; the table is then read as a stream. Columns that come one after another
wait on the disk until the last one is read.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from itertools import zip_longest
from typing import IO, Any, NamedTuple

from workers.ingest import vocabulary
from workers.ingest.conversations import is_messages
from workers.ingest.header import column_names
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.readers.json_window import DECODER, Window, read_key, read_value, skip_value
from workers.ingest.readers.jsonl import row_of
from workers.ingest.readers.lists import with_split
from workers.ingest.source import Bad, Cells, Row, Source
from workers.ingest.split_names import split_of_name
from workers.ingest.vocabulary import is_known_name, named

_PREFIX = 1 << 18
_MOST_NESTED = 40
_DEPTH = 3
_PAIRS = 20
_GAPS = " \t\r\n,"
_KNOWN_LISTS = (
    "data",
    "rows",
    "examples",
    "items",
    "records",
    "results",
    "train",
    "training",
    "validation",
    "valid",
    "val",
    "dev",
    "test",
    "testing",
    "eval",
    "evaluation",
)
"""Lists that json_document reads wherever they stand, several of them as well."""


_OWN_TEXT = (vocabulary.QUESTION | vocabulary.ANSWER | vocabulary.INSTRUCTION) - {
    "message",
    "result",
    "request",
}


class Kind(StrEnum):
    COLUMNS = "columns"
    INDEX = "index"
    SPLIT = "split"
    """As pandas means it: columns, index and data apart."""
    SPLITS = "splits"
    """A table of any of these shapes for each split, as in a DatasetDict."""
    LIST = "list"
    PAIRS = "pairs"


class Shape(NamedTuple):
    """`path` leads to the list, for LIST."""

    kind: Kind
    path: tuple[str, ...] = ()


class _Cut(list[Any]):
    """A list of which only the beginning was seen."""


def find_shape(window: Window) -> Shape | None:
    """Return what the object that begins here is, or None for one that is a row, or that holds one of the usual lists."""
    return _shape_of(_peek(window))


def _peek(window: Window) -> Any:
    """Decode the beginning of the value at the window's place, which stays there."""
    while len(window.text) - window.at < _PREFIX and not window.ended:
        if not window.grow():
            break
    value, _ = _beginning(window.text[window.at : window.at + _PREFIX], 0, 0)
    return value


def _shape_of(value: Any) -> Shape | None:
    if not isinstance(value, dict) or not value or is_messages([value]):
        return None
    if _holds_splits(value):
        return Shape(Kind.SPLITS)
    if (
        isinstance(value.get("columns"), list)
        and isinstance(value.get("data"), list)
        and _is_list_of(value["data"], list)
    ):
        return Shape(Kind.SPLIT)
    if _known_list(value):
        return None
    if kind := _orientation(value):
        return Shape(kind)
    if path := _list_path(value):
        return Shape(Kind.LIST, path)
    if (
        len(value) > _PAIRS
        and all(isinstance(each, str) for each in value.values())
        and not any(map(is_known_name, value))
    ):
        return Shape(Kind.PAIRS)
    return None


def _holds_splits(value: dict[str, Any]) -> bool:
    """Whether all members are named after splits, and the first one is a table."""
    first = next(iter(value.values()))
    return (
        all(isinstance(each, dict) for each in value.values())
        and all(split_of_name(name) is not None for name in value)
        and _table_of(first) is not None
    )


def _table_of(value: Any) -> Shape | None:
    """The shape of a split's table, the usual lists included."""
    return _shape_of(value) or (_known_list(value) if isinstance(value, dict) else None)


def _known_list(value: dict[str, Any]) -> Shape | None:
    name = next((name for name in _KNOWN_LISTS if _is_list_of(value.get(name), (dict, list))), None)
    return Shape(Kind.LIST, (name,)) if name else None


def _is_list_of(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], kind) and not is_messages(value)


def _orientation(value: dict[str, Any]) -> Kind | None:
    members = list(value.values())
    # A list that is cut fills what was seen: other columns may follow it.
    if (len(members) > 1 or isinstance(members[0], _Cut)) and all(
        isinstance(each, list) and not any(isinstance(x, (dict, list)) for x in each) for each in members
    ):
        lengths = {len(each) for each in members if not isinstance(each, _Cut)}
        return Kind.COLUMNS if len(lengths) <= 1 and max(map(len, members)) > 1 else None
    objects = [each for each in members if isinstance(each, dict) and each]
    if len(objects) < len(members):
        return None
    if all(_counts(each) for each in objects):
        return Kind.COLUMNS if _holds_cells(objects) else None
    if len(objects) == 1:
        return None
    inner = {tuple(each) for each in objects[:-1]}
    is_table = len(inner) == 1 or len(set().union(*inner)) <= 2 * max(map(len, inner))
    if not is_table or not _holds_cells(objects):
        return None
    names = list(objects[0])
    if _counts(value) or any(map(is_known_name, names)) or len(objects) > len(names):
        return Kind.INDEX
    return Kind.COLUMNS if any(map(is_known_name, value)) else None


def _counts(value: dict[str, Any]) -> bool:
    """Whether the names count rows: 0, 1, 2."""
    return all(name.isdecimal() for name in value)


def _holds_cells(objects: list[dict[str, Any]]) -> bool:
    """Whether most of what the objects hold is no object itself."""
    cells = [cell for each in objects[:50] for cell in list(each.values())[:50]]
    return sum(isinstance(cell, dict) for cell in cells) * 2 < len(cells)


def _list_path(value: dict[str, Any], depth: int = 0) -> tuple[str, ...]:
    """Lead to the first list of rows, also below objects; an object with written texts beside it is a row itself."""
    if depth == 0 and any(isinstance(each, str) and named(name, _OWN_TEXT) for name, each in value.items()):
        return ()
    for name, each in value.items():
        if _is_list_of(each, (dict, list)) and (len(each) > 1 or depth or isinstance(each, _Cut)):
            return (name,)
    for name, each in value.items():
        if isinstance(each, dict) and depth < _DEPTH and (below := _list_path(each, depth + 1)):
            return (name, *below)
    return ()


def _beginning(text: str, at: int, depth: int) -> tuple[Any, int | None]:
    """Decode the value at `at` as far as the text goes. Returns it and where it ends; None where the text ends before."""
    try:
        return DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        if depth > _MOST_NESTED or at >= len(text) or text[at] not in "[{":
            return None, None
    is_object, place = text[at] == "{", at + 1
    members: dict[str, Any] = {}
    items = _Cut()
    while True:
        while place < len(text) and text[place] in _GAPS:
            place += 1
        if place >= len(text) or text[place] in "]}":
            break
        name = ""
        if is_object:
            try:
                name, place = DECODER.raw_decode(text, place)
            except ValueError:
                break
            while place < len(text) and text[place] in " \t\r\n:":
                place += 1
            if place >= len(text):
                break
        value, end = _beginning(text, place, depth + 1)
        if value is not None or end is not None:
            members[str(name)] = value
            items.append(value)
        if end is None:
            break
        place = end
    return (members if is_object else items), None


def read_shape(shape: Shape, window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """Read the object that begins at the window's place."""
    if shape.kind is Kind.LIST:
        yield from _listed(shape.path, window, source)
    elif shape.kind is Kind.COLUMNS:
        source.note("The file holds a table column by column.")
        yield from _columns(window, source)
    elif shape.kind is Kind.SPLITS:
        yield from _splits(window, source)
    elif shape.kind is Kind.SPLIT:
        yield from _split(window, source)
    else:
        yield from _members(shape.kind, window, source)


def _splits(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """The tables of all splits, one after another; their rows say in a column which split they are in."""
    found: list[str] = []
    left_out: list[str] = []
    count = 0
    for name in _each_member(window):
        shape = _table_of(_peek(window))
        if shape is None:
            skip_value(window)
            left_out.append(name)
            continue
        found.append(name)
        before = count
        for record in with_split(read_shape(shape, window, source), name, source):
            count += 1
            # Rows of columns are counted, within each table from 1.
            yield record._replace(line=record.line + before) if shape.kind is Kind.COLUMNS else record
    source.notes.append(f"Rows were read from the splits {', '.join(found)}.")
    if left_out:
        source.notes.append(f"Splits without a table were left out: {', '.join(left_out)}.")


def _open(window: Window, mark: str) -> bool:
    """Step into the object or list that begins here."""
    if window.skip_gap() != mark:
        return False
    window.at += 1
    return True


def _each_member(window: Window) -> Iterator[str]:
    """Step into an object; yield names, the window at the value, which whoever reads must go past."""
    if not _open(window, "{"):
        skip_value(window)
        return
    while (mark := window.skip_gap()) and mark != "}":
        name = read_key(window)
        if name is None:
            window.is_open = True
            return
        yield name
    window.at += bool(mark)
    window.is_open |= not mark


def _each_item(window: Window, limit: int) -> Iterator[Any]:
    """Step into a list; yield a Value or Bad for each of its items."""
    if not _open(window, "["):
        skip_value(window)
        return
    while (mark := window.skip_gap()) and mark != "]":
        yield read_value(window, limit)
    window.at += bool(mark)
    window.is_open |= not mark


def _listed(path: tuple[str, ...], window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    for name in _each_member(window):
        if name != path[0]:
            skip_value(window)
        elif path[1:]:
            yield from _listed(path[1:], window, source)
        else:
            source.note(f"Rows were read from the list {name}.")
            for found in _each_item(window, source.record_limit):
                yield found if isinstance(found, Bad) else row_of(*found)


def _members(kind: Kind, window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """A row for each member: an object, with its name as `key` unless it counts; or the name and a text."""
    for name in _each_member(window):
        found = read_value(window, source.record_limit)
        if isinstance(found, Bad):
            yield found
        elif kind is Kind.PAIRS:
            yield Cells(found.line, [name, found.value], found.text)
        else:
            row = row_of(*found)
            if isinstance(row, Row) and not name.isdecimal() and "key" not in row.cells:
                row = Row(row.line, {"key": name, **row.cells})
            yield row


def _split(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """{"columns": […], "index": […], "data": [[…], …]}, in any order: the names may come last, so the rows wait."""
    names: list[str] | None = None
    with tempfile.TemporaryFile("w+", encoding="utf-8") as waiting:
        for member in _each_member(window):
            if member == "columns":
                found = read_value(window, source.record_limit)
                if not isinstance(found, Bad) and isinstance(found.value, list):
                    names = column_names([str(each) for each in found.value])
            elif member == "data":
                for item in _each_item(window, source.record_limit):
                    record = item if isinstance(item, Bad) else row_of(*item)
                    if names is None:
                        waiting.write(json.dumps([type(record).__name__, *record]) + "\n")
                    else:
                        yield _labelled(record, names)
            else:
                skip_value(window)
        waiting.seek(0)
        for line in waiting:
            kind, *values = json.loads(line)
            record = {"Bad": Bad, "Row": Row, "Cells": Cells}[kind](*values)
            yield _labelled(record, names) if names else record


def _labelled(record: Row | Bad | Cells, names: list[str]) -> Row | Bad | Cells:
    if not isinstance(record, Cells):
        return record
    if len(record.values) != len(names):
        return Bad(
            record.line, f"{len(record.values)} values where the table has {len(names)} columns", record.text
        )
    return Row(record.line, dict(zip(names, record.values, strict=True)))


def _columns(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    with ExitStack() as held:
        files: list[IO[str]] = []
        names: list[str] = []
        for name in _each_member(window):
            names.append(name)
            if len(names) > source.max_columns:
                raise too_many_columns(len(names), source.max_columns)
            file = held.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            files.append(file)
            for key, value in _cells(window, source):
                file.write(json.dumps([key, value]) + "\n")
            file.seek(0)
        unique = column_names(names)
        for number, lines in enumerate(zip_longest(*files), start=1):
            cells = [json.loads(line) if line else [None, None] for line in lines]
            keys = {key for key, _ in cells if key is not None}
            if len(keys) > 1:
                yield Bad(
                    number,
                    f"The columns name this row differently: {', '.join(sorted(keys)[:3])}",
                    str(cells)[:2000],
                )
            else:
                yield Row(number, dict(zip(unique, (value for _, value in cells), strict=True)))


def _cells(window: Window, source: Source) -> Iterator[tuple[str | None, Any]]:
    """The cells of a column, each with the name of its row where there is one; a broken cell is empty."""
    if window.text[window.at : window.at + 1] == "{":
        for key in _each_member(window):
            found = read_value(window, source.record_limit)
            yield key, None if isinstance(found, Bad) else found.value
        return
    for found in _each_item(window, source.record_limit):
        yield None, None if isinstance(found, Bad) else found.value
