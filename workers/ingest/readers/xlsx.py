"""Sheets of an .xlsx workbook as a stream of rows: values as people see them, in memory that does not grow with the sheet.

A cell far away, a range that claims a million rows or a text that is used a million times costs nothing until it is read.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from workers.ingest.limits import Limits
from workers.ingest.number_formats import Formatter, code_of, formatter, general
from workers.ingest.readers.xml_parts import MOST_MERGED, Merged, SheetRow, XmlParts

_MOST_TEXT = 200_000_000
"""Characters of a workbook's shared texts, which stay in memory."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_VALUES = (b"<v>", b"<v ", b"<is>", b":v>", b":is>")
_OVERLAP = 256


class Struck(dict[int, str]):
    """The cells of a row that is struck through from end to end."""


@dataclass
class Workbook(XmlParts):
    """An open workbook. `sheets` lead from names to members of the archive; `hidden` are the hidden ones.
    `hidden_rows` counts the hidden rows read so far."""

    sheets: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    hidden_rows: int = 0
    struck: frozenset[str] = frozenset()
    """Styles that strike a cell through."""
    since_1904: bool = False
    uncomputed: int = 0
    """Cells that were read whose formula holds no computed value."""
    _texts: list[str] | None = None
    _formats: list[Formatter] | None = None

    def __post_init__(self) -> None:
        targets: dict[str, str] = {}
        base = posixpath.dirname(self._book)

        def relation(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                target = attributes.get("Target", "")
                targets[attributes.get("Id", "")] = posixpath.normpath(
                    target.lstrip("/") if target.startswith("/") else posixpath.join(base, target)
                )

        def sheet(name: str, attributes: dict[str, str]) -> None:
            if name == "workbookPr":
                self.since_1904 = attributes.get("date1904", "0") in ("1", "true")
            if name == "sheet":
                key = next(
                    (value for key, value in attributes.items() if key.endswith(":id") or key == "id"), ""
                )
                if key in targets:
                    self.sheets[attributes.get("name", key)] = targets[key]
                    if attributes.get("state", "visible") != "visible":
                        self.hidden.add(attributes.get("name", key))

        self._parse(posixpath.join(base, "_rels", posixpath.basename(self._book) + ".rels"), start=relation)
        self._parse(self._book, start=sheet)

    @property
    def _book(self) -> str:
        names = self.archive.namelist()
        return next((name for name in names if name.lower().endswith("xl/workbook.xml")), "xl/workbook.xml")

    @property
    def texts(self) -> list[str]:
        """The texts that cells share."""
        if self._texts is None:
            self._texts = self._shared() if self._has("sharedStrings.xml") else []
        return self._texts

    def _has(self, name: str) -> bool:
        return posixpath.join(posixpath.dirname(self._book), name) in self.archive.namelist()

    def _shared(self) -> list[str]:
        found: list[str] = []
        parts: list[str] = []
        inside = {"t": False, "rPh": False}
        characters = 0

        def start(name: str, _attributes: dict[str, str]) -> None:
            if name == "si":
                parts.clear()
            elif name in inside:
                inside[name] = True

        def end(name: str) -> None:
            nonlocal characters
            if name in inside:
                inside[name] = False
            elif name == "si":
                joined = unescaped("".join(parts))
                characters += len(joined)
                if characters > _MOST_TEXT:
                    raise MemoryError
                found.append(joined)

        def text(data: str) -> None:
            if inside["t"] and not inside["rPh"]:
                parts.append(data)

        self._parse(
            posixpath.join(posixpath.dirname(self._book), "sharedStrings.xml"),
            start=start,
            end=end,
            text=text,
        )
        return found

    @property
    def formats(self) -> list[Formatter]:
        """How each style writes a number."""
        if self._formats is None:
            self._formats = self._styles() if self._has("styles.xml") else []
        return self._formats

    def _styles(self) -> list[Formatter]:
        codes: dict[int, str] = {}
        numbers: list[int] = []
        fonts: list[bool] = []
        struck: set[str] = set()
        inside = {"cellXfs": False, "fonts": False}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "numFmt" and attributes.get("numFmtId", "").isdecimal():
                codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
            elif name in inside:
                inside[name] = True
            elif name == "font" and inside["fonts"]:
                fonts.append(False)
            elif name == "strike" and inside["fonts"] and fonts:
                fonts[-1] = attributes.get("val", "1") not in ("0", "false")
            elif name == "xf" and inside["cellXfs"]:
                font = attributes.get("fontId", "0")
                if font.isdecimal() and int(font) < len(fonts) and fonts[int(font)]:
                    struck.add(str(len(numbers)))
                number = attributes.get("numFmtId", "0")
                numbers.append(int(number) if number.isdecimal() else 0)

        def end(name: str) -> None:
            if name in inside:
                inside[name] = False

        self._parse(posixpath.join(posixpath.dirname(self._book), "styles.xml"), start=start, end=end)
        self.struck = frozenset(struck)
        return [formatter(code_of(number, codes), since_1904=self.since_1904) for number in numbers]

    def look_over(self, sheet: str) -> tuple[int, list[Merged]]:
        """How many cells of a sheet hold something, and which go on over several rows; without reading any."""
        filled, merged, tail = 0, set[Merged](), b""
        with self._open(self.sheets[sheet]) as stream:
            while piece := stream.read(1 << 20):
                self.limits.require_time()
                filled += sum(map(piece.count, _VALUES))
                for match in _MERGED.finditer(tail + piece):
                    top, bottom = int(match[2]), int(match[4])
                    if bottom > top and len(merged) < MOST_MERGED:
                        merged.add(Merged(top, bottom, column_index(match[1].decode())))
                tail = piece[-_OVERLAP:]
        return filled, sorted(merged, key=lambda each: each.top)

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """The rows that hold something: their number, and their texts by column, from 0."""
        reading = _Rows(self.texts, self.formats, self.struck)
        for _ in self._parsing(self.sheets[sheet], start=reading.start, end=reading.end, text=reading.text):
            yield from reading.done
            reading.done.clear()
            self.hidden_rows = reading.hidden_rows
            self.uncomputed = reading.uncomputed


class _Rows:
    """What the parser of a sheet calls; finished rows stand in `done`."""

    def __init__(self, texts: list[str], formats: list[Formatter], struck: frozenset[str]) -> None:
        self._texts, self._formats, self._struck = texts, formats, struck
        self.hidden_rows = 0
        self._standing = self._is_hidden = False
        self.done: list[SheetRow] = []
        self._number = self._column = 0
        self._cells: dict[int, str] = {}
        self._kind = self._style = ""
        self._reads = self._spoken = self._is_formula = False
        self.uncomputed = 0
        self._parts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r")
            self._column = column_index(place.rstrip("0123456789")) if place else self._column + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._parts, self._is_formula = [], False
        elif name == "f":
            self._is_formula = True
        elif name in ("v", "t"):
            self._reads = not self._spoken
        elif name == "rPh":
            self._spoken = True
        elif name == "row":
            number = attributes.get("r", "")
            self._number = int(number) if number.isdecimal() else self._number + 1
            self._cells, self._column = {}, -1
            self._standing, self._is_hidden = False, attributes.get("hidden", "0") in ("1", "true")

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._reads = False
        elif name == "rPh":
            self._spoken = False
        elif name == "c":
            if self._parts and (text := self._shown("".join(self._parts))):
                self._cells[self._column] = text
                self._standing = self._standing or self._style not in self._struck
            elif self._is_formula and not self._parts:
                self.uncomputed += 1
        elif name == "row" and self._cells:
            self.hidden_rows += self._is_hidden
            self.done.append((self._number, self._cells if self._standing else Struck(self._cells)))

    def text(self, data: str) -> None:
        if self._reads:
            self._parts.append(data)

    def _shown(self, value: str) -> str:
        kind = self._kind
        if kind == "s":
            index = int(value) if value.strip().isdecimal() else -1
            return self._texts[index].strip() if 0 <= index < len(self._texts) else ""
        if kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if kind == "e":
            return ""
        if kind != "n":
            return unescaped(value).strip()
        if not self._style and value.isdecimal():
            return value
        try:
            number = float(value)
        except ValueError:
            return value.strip()
        style = int(self._style) if self._style.isdecimal() else -1
        write = self._formats[style] if 0 <= style < len(self._formats) else general
        return write(number).strip()


def unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold: _x000D_ stands for a carriage return."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def column_index(letters: str) -> int:
    """A is 0, Z 25, AA 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def open_workbook(path: Any, limits: Limits, held: ExitStack) -> Workbook | None:
    """The workbook, or None for what is none in this format."""
    if not zipfile.is_zipfile(path):
        return None
    archive = held.enter_context(zipfile.ZipFile(path))
    if not any(name.lower().endswith("xl/workbook.xml") for name in archive.namelist()):
        return None
    return Workbook(archive, limits)
