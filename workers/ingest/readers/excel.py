"""Workbooks (.xlsx, .xls, .xlsb, .ods): the sheet that was chosen or holds most, row numbers as Excel shows them."""

import datetime
import os
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from functools import partial
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from workers.contracts.texts import Text
from workers.ingest.detect import not_a_table
from workers.ingest.header import column_names, looks_like_header, rows_above_header
from workers.ingest.labels import first_few
from workers.ingest.number_formats import general
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.readers.ods import OdsDocument, open_ods
from workers.ingest.readers.sheets import Tops, alike, tops_by_sheet, tops_in_order, unread_sheets
from workers.ingest.readers.xlsx import Struck, open_workbook
from workers.ingest.readers.xml_parts import DamagedSheet, Merged, SheetRow
from workers.ingest.source import Bad, Row, Source
from workers.ingest.split_parts import split_parts, training_part, unread_splits
from workers.ingest.vocabulary import is_known_name
from workers.runtime.reporter import JobError

_LOCAL_HEADER_BYTES = 30
"""Its last four say how long the name and the extra field after it are (APPNOTE.TXT of PKWARE, 4.3.7)."""
_PIECE_BYTES = 1 << 20
_PREVIEW_ROWS = 200
_MOST_SHEETS = 200
_MOST_COMPARED = 20
_MOST_NAMES = 12
"""Rows of a table that lies on its side."""
_DAMAGE = (
    CalamineError,
    DamagedSheet,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
)


def read_excel(source: Source) -> Iterator[Row | Bad]:
    """Yield a row per line below the header. Raises JobError for a locked, damaged, oversized or empty workbook."""
    try:
        with ExitStack() as held:
            workbook = open_workbook(source.path, source.limits, held)
            if workbook is None:
                document = open_ods(source.path, source.limits, source.max_columns, held)
                yield from _ods(source, document) if document else _old(source, held)
                return
            looked = {name: workbook.look_over(name) for name in workbook.sheets}
            filled = {name: cells for name, (cells, _) in looked.items()}
            name = _chosen(source, filled, workbook.hidden, partial(tops_by_sheet, workbook.rows))
            workbook.hidden_rows = workbook.uncomputed = 0
            yield from _sheet(source, _filled_in(workbook.rows(name), looked[name][1]))
            if workbook.hidden_rows:
                source.note(Text("readers.hidden_rows_read", rows=workbook.hidden_rows))
            if workbook.uncomputed:
                source.note(Text("readers.formulas_without_value", cells=workbook.uncomputed))
    except PasswordError as error:
        raise JobError(
            "locked_file",
            Text("readers.workbook_has_password"),
            field="source",
        ) from error
    except _DAMAGE as error:
        if source.path.open("rb").read(2) != b"PK":
            raise not_a_table(Text("readers.kind_old_office")) from error
        raise JobError(
            "damaged_file",
            Text("readers.workbook_unreadable", error=error),
            field="source",
        ) from error


def _chosen(
    source: Source,
    filled: dict[str, int],
    hidden: Collection[str],
    tops_of: Callable[[list[str]], Tops],
) -> str:
    """The sheet that a person chose, else the one with the most filled cells: what stands before it is a cover, what
    follows it notes or lists. Hidden sheets hold what is no longer meant, and are read where a person chooses one."""
    seen = [name for name, cells in filled.items() if cells and name not in hidden] or list(filled)
    training = training_part([name for name in seen if filled[name]])
    fullest = training or max(seen, key=lambda name: filled[name], default="")
    name = source.part if source.part in filled else fullest
    if not filled.get(name or ""):
        raise JobError(
            "empty_file",
            Text("readers.sheet_empty", sheet=name)
            if name and any(filled.values())
            else Text("readers.workbook_empty"),
            field="source",
        )
    assert name is not None  # noqa: S101
    is_chosen, with_cells = name == source.part, [each for each in filled if filled[each]]
    is_alone = is_chosen or name in hidden or len(seen) < 2
    tops = {} if is_alone else tops_of(seen[:_MOST_COMPARED])
    splits = split_parts(name, [name, *alike(name, tops)])
    if len(filled) > 1 and not is_chosen and not splits:
        source.notes.append(
            Text("readers.sheet_chosen", sheets=len(filled), sheet=name)
            if training
            else Text("readers.fullest_sheet_read", sheets=len(filled), sheet=name)
        )
    if unread := unread_splits(name, [each for each in with_cells if each not in splits]):
        source.notes.append(unread)
    elif not splits:
        source.warnings += unread_sheets(name, tops)
    if unseen := [each for each in filled if filled[each] and each in hidden and each != name]:
        source.note(Text("readers.hidden_sheets", sheets=first_few(unseen)))
    if name in hidden:
        source.notes.append(Text("readers.sheet_hidden", sheet=name))
    source.parts, source.part = with_cells[:_MOST_SHEETS], name
    if splits:
        source.read_splits(splits, [(source.path, source.filename)] * len(splits))
    return name


def _filled_in(rows: Iterator[SheetRow], merged: list[Merged]) -> Iterator[SheetRow]:
    """Give each row below a merged cell its text. A title over several columns stays in the first."""
    coming, open_cells = deque(merged), dict[int, tuple[int, str]]()
    for number, cells in rows:
        while coming and coming[0].top <= number:
            cell = coming.popleft()
            if cell.top == number and cell.column in cells:
                open_cells[cell.column] = (cell.bottom, cells[cell.column])
        for column, (bottom, text) in list(open_cells.items()):
            if number > bottom:
                del open_cells[column]
            else:
                cells.setdefault(column, text)
        yield number, cells


def _sheet(source: Source, rows: Iterator[SheetRow]) -> Iterator[Row | Bad]:
    ahead = [row for _, row in zip(range(_PREVIEW_ROWS), rows, strict=False)]
    if not ahead:
        raise JobError(
            "empty_file",
            Text("readers.workbook_empty"),
            field="source",
        )
    if _lies_on_side(ahead):
        source.note(Text("readers.transposed"))
        yield from _turned(ahead)
        return
    columns = sorted({column for _, cells in ahead for column in cells})
    if len(columns) > source.max_columns:
        raise too_many_columns(len(columns), source.max_columns)
    texts = [[cells.get(column, "") for column in columns] for _, cells in ahead]
    above = rows_above_header(texts)
    for (number, _), row in zip(ahead[:above], texts, strict=False):
        yield Bad(number, Text("readers.above_header"), " ".join(filter(None, row)))
    has_header = looks_like_header(texts[above], texts[above + 1 :])
    if has_header and len(ahead) == above + 1:
        raise JobError("header_only", Text("readers.sheet_has_only_a_header"), field="source")
    named = column_names(texts[above] if has_header else [""] * len(columns))
    names = dict(zip(columns, named, strict=True))
    last = ahead[above][0] if has_header else ahead[0][0] - 1
    for number, cells in _then(ahead[above + has_header :], rows):
        source.blank += max(0, number - last - 1)
        last = number
        if isinstance(cells, Struck):
            yield Bad(number, Text("readers.struck_through"), " ".join(filter(None, cells.values())))
        else:
            yield Row(number, _named(cells, names))


def _lies_on_side(rows: list[SheetRow]) -> bool:
    """Whether a table has few rows, each of which begins with the name of a column, and many columns."""
    width = max(len(cells) for _, cells in rows)
    first = [cells.get(min(cells), "") for _, cells in rows]
    return (
        2 <= len(rows) <= _MOST_NAMES
        and width > 10 * len(rows)
        and len({min(cells) for _, cells in rows}) == 1
        and sum(map(is_known_name, first)) * 2 > len(first)
    )


def _turned(rows: list[SheetRow]) -> Iterator[Row]:
    names = column_names([cells[min(cells)] for _, cells in rows])
    places = sorted({column for _, cells in rows for column in cells if column > min(cells)})
    for place in places:
        yield Row(
            place + 1, {name: cells.get(place, "") for name, (_, cells) in zip(names, rows, strict=True)}
        )


def _then(ahead: list[SheetRow], rows: Iterator[SheetRow]) -> Iterator[SheetRow]:
    yield from ahead
    yield from rows


def _named(cells: dict[int, str], names: dict[int, str]) -> dict[str, str]:
    """The cells of a row under the names of their columns; one further right than any before gets a number."""
    row = {name: cells.get(column, "") for column, name in names.items()}
    if len(cells.keys() - names.keys()):
        row |= {f"column_{column + 1}": text for column, text in cells.items() if column not in names}
    return row


def _ods(source: Source, document: OdsDocument) -> Iterator[Row | Bad]:
    yield from _sheet(
        source, document.rows(_chosen(source, document.sheets, (), partial(tops_in_order, document.all_rows)))
    )


def _old(source: Source, held: ExitStack) -> Iterator[Row | Bad]:
    """An .xls or .xlsb: calamine reads whole sheets, so what they unpack to is bounded before."""
    _refuse_oversized(source)
    workbook = held.enter_context(CalamineWorkbook.from_path(source.path))
    hidden = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible]
    filled = {name: _filled_cells(source, workbook, name) for name in workbook.sheet_names}
    name = _chosen(
        source,
        filled,
        hidden,
        partial(tops_by_sheet, lambda each: _calamine_rows(workbook.get_sheet_by_name(each))),
    )
    source.note(Text("readers.number_formats_not_read"))
    sheet = workbook.get_sheet_by_name(name)
    height = max(1, sheet.total_height)
    ranges = sheet.merged_cell_ranges or []
    merged = [Merged(top + 1, bottom + 1, left) for (top, left), (bottom, _) in ranges if bottom > top]
    for record in _sheet(
        source, _filled_in(_calamine_rows(sheet), sorted(merged, key=lambda cell: cell.top))
    ):
        source.position = lambda line=record.line: source.size * line // height  # type: ignore[misc]
        yield record


def _calamine_rows(sheet: CalamineSheet) -> Iterator[SheetRow]:
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if cells := {column: text for column, cell in enumerate(row) if (text := _text(cell))}:
            yield number, cells


def _refuse_oversized(source: Source) -> None:
    if not zipfile.is_zipfile(source.path):
        return
    limit = source.limits.unpacked_bytes
    with zipfile.ZipFile(source.path) as archive, source.path.open("rb") as stream:
        unpacked = 0
        for member in archive.infolist():
            unpacked += _unpacked_bytes(stream, member, limit - unpacked)
            source.limits.require_unpacked(unpacked)


def _unpacked_bytes(stream: IO[bytes], member: zipfile.ZipInfo, most: int) -> int:
    """What a member really unpacks to, not what the archive says; counted no further than just above `most`."""
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return member.compress_size
    stream.seek(member.header_offset + _LOCAL_HEADER_BYTES - 4)
    name_bytes, extra_bytes = struct.unpack("<HH", stream.read(4))
    stream.seek(name_bytes + extra_bytes, os.SEEK_CUR)
    unpacker, size, left = zlib.decompressobj(-zlib.MAX_WBITS), 0, member.compress_size
    while left > 0 and not unpacker.eof and size <= most:
        packed = stream.read(min(_PIECE_BYTES, left))
        left -= len(packed) or left
        while packed and size <= most:
            size += len(unpacker.decompress(packed, _PIECE_BYTES))
            packed = unpacker.unconsumed_tail
    return size


def _filled_cells(source: Source, workbook: CalamineWorkbook, name: str) -> int:
    """0 also for what is no table, such as a sheet that holds a chart only."""
    try:
        sheet = workbook.get_sheet_by_name(name)
    except CalamineError:
        return 0
    filled = 0
    for number, row in enumerate(sheet.iter_rows() if sheet.total_height else ()):
        if number % 500 == 0:
            source.limits.require_time()
        filled += sum(map(bool, map(_text, row)))
    return filled


def _text(cell: Any) -> str:
    """Write a cell of another format as Excel shows it: whole numbers without a point, dates in ISO form."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return general(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ").removesuffix(" 00:00:00")
    return str(cell).strip() if cell is not None else ""
