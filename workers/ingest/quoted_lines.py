"""Lines of a delimited text whose quotation marks are others than the csv module reads: curly ones, which word processors
make of straight ones, and whole lines in quotation marks, which Excel writes where a table lies in its first column."""

import re
from typing import Literal

from workers.ingest.vocabulary import is_known_name

Marks = Literal["", "curly", "wrapped", "whole"]

_BETWEEN = ("\t", ";", ",", "|")
_WHOLE = re.compile(r'\s*"((?:[^"]|"")*)"[;,\t]*\s*$')
_CELL = r'(?:""(?:[^"]|"""")*""|[^"{mark}\s][^"{mark}]*)?'
_ROWS = tuple(
    re.compile(rf"{cell}(?:{mark}{cell})+")
    for mark in map(re.escape, _BETWEEN)
    for cell in (_CELL.replace("{mark}", mark),)
)
"""What stands within the marks around a line that is a row of quoted cells. JSON and speech have marks elsewhere too."""
_MOST_LINES = 500
_LEAST_SHARE = 0.9
_LEAST_DOUBLED = 0.5
_LEAST_HOLDING = 0.3
"""The share of lines with a delimiter within curly marks: elsewhere these may be part of the texts."""


def marks_of(lines: list[str]) -> tuple[Marks, str]:
    """Return how the marks of these lines have to be read, and the delimiter between curly ones."""
    some = [line for line in lines[:_MOST_LINES] if line.strip()]
    if wrapped := _wrapped(some):
        return wrapped, ""
    for delimiter in _BETWEEN:
        if any(mark in "".join(some[:2]) for mark in "“„”") and _are_curly(some, delimiter):
            return "curly", delimiter
    return "", ""


def straightened(line: str, marks: Marks, delimiter: str) -> str:
    """Return a line with the marks that the csv module reads."""
    if marks == "curly":
        return _curly(delimiter).sub(lambda cell: '"' + cell[1].replace('"', '""') + '"', line)
    if marks == "wrapped" and (whole := _WHOLE.match(line)) and _holds_cells(whole[1]):
        return whole[1].replace('""', '"') + line[len(line.rstrip("\r\n")) :]
    return line


def _wrapped(lines: list[str]) -> Marks:
    """Whether lines stand in quotation marks as wholes: because each is one cell, or although each is a row."""
    whole = [found[1] for line in lines if (found := _WHOLE.match(line))]
    if len(whole) < 2 or len(whole) < _LEAST_SHARE * (len(lines) - 1):
        return ""
    doubled = sum('""' in text and any(row.fullmatch(text) for row in _ROWS) for text in whole)
    names = re.split(r"[,;\t|]", lines[0].strip().strip('"').replace('""', ""))
    is_named = len(names) > 1 and sum(map(is_known_name, names)) * 2 > len(names)
    if doubled >= _LEAST_DOUBLED * len(whole) or (is_named and all(map(_holds_cells, whole))):
        return "wrapped"
    return "whole" if len(whole) == len(lines) else ""


def _holds_cells(text: str) -> bool:
    return any(delimiter in text for delimiter in _BETWEEN)


def _are_curly(lines: list[str], delimiter: str) -> bool:
    """Whether curly marks stand around cells: around all those of the first line, or around the delimiter as well."""
    cells = [_curly(delimiter).findall(line) for line in lines]
    if sum(map(bool, cells[1:])) < _LEAST_SHARE * max(1, len(lines) - 1):
        return False
    first = straightened(lines[0], "curly", delimiter).strip()
    is_header = len(cells[0]) > 1 and first == delimiter.join(f'"{cell}"' for cell in cells[0])
    holding = sum(any(delimiter in cell for cell in found) for found in cells)
    return is_header or (delimiter in first and holding >= _LEAST_HOLDING * len(lines))


def _curly(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf"(?:^|(?<={mark})) *[“„”]([^“”„\r\n]*)[”“] *(?={mark}|[\r\n]*$)")
