"""Read a table in a JSON object as a stream, in the shape that json_shapes found.

Columns that come one after another wait on the disk until the last one is read.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from typing import IO, Any

from workers.contracts.texts import Text
from workers.ingest.header import column_names
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.readers.json_groups import BODIES, HEADERS, are_labels, header_names
from workers.ingest.readers.json_shapes import USUAL_LISTS, Kind, Shape, find_split, is_table
from workers.ingest.readers.json_window import Window, read_key, read_value, skip_value
from workers.ingest.readers.jsonl import row_of
from workers.ingest.readers.lists import with_split
from workers.ingest.source import Bad, Cells, Row, Source
from workers.ingest.split_names import split_of_name

_LOOKED_AT = 50


def read_shape(shape: Shape, window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """Read the value that begins at the window's place, and go past it."""
    if shape.path:
        yield from _below(shape, window, source)
    elif shape.kind is Kind.LIST:
        for found in _each_item(window, source.record_limit):
            yield found if isinstance(found, Bad) else row_of(*found)
    elif shape.kind is Kind.COLUMNS:
        yield from _columns(window, source)
    elif shape.kind is Kind.SPLITS:
        yield from _splits(window, source)
    elif shape.kind is Kind.SPLIT:
        yield from _split(window, source)
    else:
        yield from _members(shape.kind, window, source)


def _below(shape: Shape, window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    first, rest = shape.path[0], shape.path[1:]
    left_out: list[str] = []
    for name in _each_member(window):
        if name == first:
            if shape.kind is Kind.LIST and not rest:
                source.note(Text("readers.list_read", list=name))
            yield from read_shape(Shape(shape.kind, rest), window, source)
        else:
            _leave_out(name, window, left_out)
    _tell_left_out(left_out, source)


def _splits(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """The tables of all splits, one after another; their rows say in a column which split they are in."""
    left_out: list[str] = []
    without_table: list[str] = []
    for name in _each_member(window):
        is_split = split_of_name(name) is not None
        shape = find_split(window) if is_split or name in USUAL_LISTS else None
        if shape is None:
            _leave_out(name, window, left_out)
            without_table += [name] if is_split else []
            continue
        window.splits += [name] if name not in window.splits else []
        yield from with_split(read_shape(shape, window, source), name, source)
    if without_table:
        source.note(Text("readers.splits_without_table", splits=list(without_table)))
    _tell_left_out(left_out, source)


def _leave_out(name: str, window: Window, left_out: list[str]) -> None:
    """Go past a member; remember it where it holds rows."""
    if is_table(window):
        left_out.append(name)
    skip_value(window)


def _tell_left_out(names: list[str], source: Source) -> None:
    if names:
        source.note(Text("readers.more_tables", tables=list(names)))


def _open(window: Window, mark: str) -> bool:
    """Step into the object or list that begins here."""
    if window.skip_gap() != mark:
        return False
    window.at += 1
    return True


def _each_member(window: Window) -> Iterator[str]:
    """Step into an object; yield names, the window at the value, which the caller must go past."""
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


def _members(kind: Kind, window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """A row for each member: an object, with its name as `key` unless it counts; or the name and a text."""
    for name in _each_member(window):
        found = read_value(window, source.record_limit)
        if isinstance(found, Bad):
            yield found
        elif kind in (Kind.PAIRS, Kind.QUESTIONS):
            names = ("question", "answer") if kind is Kind.QUESTIONS else ("column_1", "column_2")
            source.note(Text("readers.texts_under_names"))
            yield Row(found.line, dict(zip(names, (name, found.value), strict=True)))
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
            if member in HEADERS and names is None:
                found = read_value(window, source.record_limit)
                given = None if isinstance(found, Bad) else header_names(found.value)
                names = column_names(given) if given else None
            elif member in BODIES:
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
            record.line,
            Text("readers.wrong_value_count", values=len(record.values), columns=len(names)),
            record.text,
        )
    return Row(record.line, dict(zip(names, record.values, strict=True)))


def _columns(window: Window, source: Source) -> Iterator[Row | Bad | Cells]:
    """The rows of a table that is written column by column, or the texts of labels: {"late": […], "paid": […]}."""
    with ExitStack() as held:
        files: list[IO[str]] = []
        names: list[str] = []
        texts: list[list[Any]] = []
        lengths: list[int] = []
        for name in _each_member(window):
            names.append(name)
            if len(names) > source.max_columns:
                raise too_many_columns(len(names), source.max_columns)
            file = held.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            files.append(file)
            texts.append([])
            count = 0
            for count, (key, value) in enumerate(_cells(window, source), start=1):
                file.write(json.dumps([key, value]) + "\n")
                if count <= _LOOKED_AT:
                    texts[-1].append(value if key is None else None)
            lengths.append(count)
            file.seek(0)
        if are_labels(names, texts, lengths):
            source.note(Text("readers.texts_under_labels"))
            yield from _labelled_texts(names, files, window)
        else:
            source.note(Text("readers.column_by_column"))
            yield from _joined(names, files, window)


def _labelled_texts(names: list[str], files: list[IO[str]], window: Window) -> Iterator[Row]:
    for name, lines in zip(names, files, strict=True):
        for line in lines:
            window.rows += 1
            yield Row(window.rows, {"text": json.loads(line)[1], "label": name})


def _joined(names: list[str], files: list[IO[str]], window: Window) -> Iterator[Row | Bad]:
    unique = column_names(names)
    for lines in zip_longest(*files):
        window.rows += 1
        cells = [json.loads(line) if line else [None, None] for line in lines]
        keys = {key for key, _ in cells if key is not None}
        if len(keys) > 1:
            yield Bad(
                window.rows,
                Text("readers.row_named_differently", keys=sorted(keys)[:3]),
                str(cells),
            )
        else:
            yield Row(window.rows, dict(zip(unique, (value for _, value in cells), strict=True)))


def _cells(window: Window, source: Source) -> Iterator[tuple[str | None, Any]]:
    """The cells of a column, each with the name of its row where there is one; a broken cell is empty."""
    if window.text[window.at : window.at + 1] == "{":
        for key in _each_member(window):
            found = read_value(window, source.record_limit)
            yield key, None if isinstance(found, Bad) else found.value
        return
    for found in _each_item(window, source.record_limit):
        yield None, None if isinstance(found, Bad) else found.value
