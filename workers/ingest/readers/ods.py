"""Sheets of an OpenDocument workbook (.ods) as a stream of rows, in memory that does not grow with the sheet.

A row or a cell may say that it is repeated a million times. What is repeated is counted before it is written out; what
holds nothing is never written out.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from python_calamine import PasswordError

from workers.contracts.texts import Text
from workers.ingest.detect import not_a_table
from workers.ingest.limits import Limits
from workers.ingest.number_formats import general
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.readers.xml_parts import SheetRow, XmlParts, local_name

_CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"
_PIECE = 1 << 20
_LOOKED_FOR = re.compile(
    rb'<(?:[\w-]+:)?(?:table\s[^>]*?\bname="(?P<sheet>[^"]*)"|(?P<text>p)[\s>]|(?P<spreadsheet>spreadsheet)[\s>])'
)
_MOST_SPACES = 1_000
_CELLS = ("table-cell", "covered-table-cell")


@dataclass(frozen=True)
class _Repeated:
    """Equal rows below one another: the number of the first, how many there are, and the cells of each."""

    number: int
    times: int
    cells: list["_Cell"]


@dataclass(frozen=True)
class _Cell:
    column: int
    times: int
    rows: int
    text: str


@dataclass
class OdsDocument(XmlParts):
    """An open document whose sheets were looked over."""

    max_columns: int
    sheets: dict[str, int] = field(default_factory=dict)
    """How many texts each sheet holds, where repeated ones count once."""

    def __post_init__(self) -> None:
        if _MANIFEST in self.archive.namelist():
            with self._open(_MANIFEST) as stream:
                if b"encryption-data" in stream.read(1 << 20):
                    raise PasswordError
        self._look_over()

    def _look_over(self) -> None:
        """Count without parsing, which takes many times as long."""
        is_spreadsheet, name, tail = False, "", b""
        with self._open(_CONTENT) as stream:
            while piece := stream.read(_PIECE):
                self.limits.require_time()
                whole, begun, tail = (tail + piece).rpartition(b"<")
                tail = begun + tail
                for match in _LOOKED_FOR.finditer(whole):
                    is_spreadsheet |= match["spreadsheet"] is not None
                    if match["sheet"] is not None:
                        name = html.unescape(match["sheet"].decode("utf-8", "replace"))
                        self.sheets[name] = 0
                    elif match["text"] is not None and name:
                        self.sheets[name] += 1
        if not is_spreadsheet:
            raise not_a_table(Text("readers.kind_open_document"))

    def _read(self) -> Iterator[tuple[str, _Repeated]]:
        reading = _Reading()
        for _ in self._parsing(_CONTENT, start=reading.start, end=reading.end, text=reading.text):
            yield from reading.done
            reading.done.clear()

    def all_rows(self) -> Iterator[tuple[str, list[str]]]:
        """The texts of each row of all sheets, with the name of its sheet; repeated ones once."""
        for name, row in self._read():
            yield name, [cell.text for cell in row.cells if cell.text]

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """The rows that hold something: their number, and their texts by column, from 0. Raises JobError before more is
        written out than may be read."""
        count = size = 0
        merged: dict[int, tuple[int, str]] = {}
        for name, row in self._read():
            if name != sheet:
                continue
            columns = sum(cell.times for cell in row.cells)
            if columns > self.max_columns:
                raise too_many_columns(columns, self.max_columns)
            count += row.times
            size += row.times * sum(cell.times * len(cell.text) for cell in row.cells)
            self.limits.require_rows(count)
            self.limits.require_unpacked(size)
            for number in range(row.number, row.number + row.times):
                cells = {cell.column + at: cell.text for cell in row.cells for at in range(cell.times)}
                for column, (bottom, text) in merged.items():
                    if number <= bottom:
                        cells.setdefault(column, text)
                yield number, cells
            merged = {column: each for column, each in merged.items() if each[0] >= row.number + row.times}
            merged |= {
                cell.column: (row.number + cell.rows - 1, cell.text) for cell in row.cells if cell.rows > 1
            }


class _Reading:
    """What the parser of a document calls; finished rows stand in `done`, with the names of their sheets."""

    def __init__(self) -> None:
        self.done: list[tuple[str, _Repeated]] = []
        self.is_spreadsheet = False
        self._sheet = ""
        self._tables = 0
        self._number = self._column = 0
        self._times = 1
        self._cells: list[_Cell] = []
        self._cell: dict[str, str] = {}
        self._depth = 0
        """Of the element that is read, below its cell; 0 outside of cells."""
        self._paragraph = False
        self._parts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth:
            self._depth += 1
            self._start_within(name, attributes)
        elif name in _CELLS:
            self._depth = 1
            self._cell = {}
            for key, value in attributes.items():
                name = local_name(key)
                # LibreOffice says in an attribute of its own, with the same name, that a formula failed.
                if name != "value-type" or self._cell.get(name) != "error":
                    self._cell[name] = value
            self._parts = []
        elif name == "table-row":
            self._times = _count(attributes, "number-rows-repeated")
            self._cells, self._column = [], 0
        elif name == "table":
            self._sheet = _attribute(attributes, "name") or str(self._tables + 1)
            self._tables, self._number = self._tables + 1, 1
        elif name == "spreadsheet":
            self.is_spreadsheet = True

    def _start_within(self, name: str, attributes: dict[str, str]) -> None:
        """Only paragraphs of the cell itself are its text; those of a comment or a drawing stand deeper."""
        if self._depth == 2:
            self._paragraph = name == "p"
            if self._paragraph and self._parts:
                self._parts.append("\n")
        elif self._paragraph and name == "s":
            self._parts.append(" " * min(_MOST_SPACES, _count(attributes, "c")))
        elif self._paragraph and name in ("tab", "line-break"):
            self._parts.append("\t" if name == "tab" else "\n")

    def end(self, name: str) -> None:
        if self._depth:
            self._depth -= 1
            self._paragraph = self._paragraph and self._depth > 1
            if not self._depth:
                self._end_cell()
        elif name == "table-row":
            if self._cells and self.is_spreadsheet:
                self.done.append((self._sheet, _Repeated(self._number, self._times, self._cells)))
            self._number += self._times

    def _end_cell(self) -> None:
        times = _number(self._cell.get("number-columns-repeated", ""))
        if text := _shown(self._cell, "".join(self._parts)):
            rows = _number(self._cell.get("number-rows-spanned", ""))
            self._cells.append(_Cell(self._column, times, rows, text))
        self._column += times

    def text(self, data: str) -> None:
        if self._paragraph:
            self._parts.append(data)


def _attribute(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if local_name(key) == name), "")


def _count(attributes: dict[str, str], name: str) -> int:
    return _number(_attribute(attributes, name))


def _number(value: str) -> int:
    return max(1, int(value)) if value.isdecimal() and len(value) < 12 else 1


def _shown(cell: dict[str, str], text: str) -> str:
    """Texts and percentages as the document shows them; other numbers, dates and truth values in one way everywhere."""
    kind, text = cell.get("value-type", ""), text.strip()
    if kind == "error":
        return ""
    if kind == "boolean":
        return "TRUE" if cell.get("boolean-value") == "true" else "FALSE"
    if kind == "date" and cell.get("date-value"):
        return cell["date-value"].replace("T", " ").removesuffix(" 00:00:00")
    if kind in ("float", "currency") or (kind == "percentage" and not text):
        try:
            return general(float(cell.get("value", "")))
        except ValueError:
            return text
    return text or cell.get("string-value", "").strip()


def open_ods(path: Any, limits: Limits, max_columns: int, held: ExitStack) -> OdsDocument | None:
    """The document, or None for what is none in this format."""
    if not zipfile.is_zipfile(path):
        return None
    archive = held.enter_context(zipfile.ZipFile(path))
    return OdsDocument(archive, limits, max_columns) if _CONTENT in archive.namelist() else None
