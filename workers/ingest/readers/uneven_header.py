"""Headers with one cell more or one fewer than the rows below: a comma at their end, row names without a name, as R and
pandas write them, or a column that nothing stands in."""

import re
from typing import NamedTuple

from workers.contracts.texts import Text
from workers.ingest.header import looks_like_header
from workers.ingest.vocabulary import is_known_name

_LEAST_EVEN = 0.9
"""The share of rows that have one width."""
_ROW_NAME = re.compile(r"[A-Za-z_.]{0,20}(\d{1,9})")
_LEFT_OUT = Text("readers.one_cell_fewer")
_NUMBERED = Text("readers.one_cell_more")


class Uneven(NamedTuple):
    """`names` has an empty one where a column has none; `note` is what the user should check."""

    names: list[str]
    note: Text | None = None


def uneven_header(records: list[list[str]], width: int) -> Uneven | None:
    """Return the names of a table's columns where its first row has one cell more or fewer than most rows; None where
    it is no header, or as wide as they are."""
    first, rows = (records[0], records[1:]) if records else ([], [])
    even = [cells for cells in rows if len(cells) == width]
    if abs(len(first) - width) != 1 or len(even) < 2 or any(not cell.strip() for cell in first[:-1]):
        return None
    is_known = any(map(is_known_name, first))
    if len(first) == 1 and not is_known:
        return None  # A title above the table.
    others = sum(len(cells) != width for cells in rows)
    if len(first) > width:
        if others > sum(len(cells) == len(first) for cells in rows) or not looks_like_header(
            first[:-1], even
        ):
            return None
        if not first[-1].strip():
            return Uneven(first[:-1])
        return Uneven(first, _LEFT_OUT) if is_known else None
    if len(even) < _LEAST_EVEN * len(rows) or not first[-1].strip():
        return None
    if _are_row_names([cells[0] for cells in even]):
        return Uneven(["", *first]) if looks_like_header(first, [cells[1:] for cells in even]) else None
    return (
        Uneven([*first, ""], _NUMBERED) if looks_like_header(first, [cells[:-1] for cells in even]) else None
    )


def _are_row_names(cells: list[str]) -> bool:
    """Whether cells are numbers that count the rows, perhaps after the same letters."""
    numbers = [int(found[1]) for cell in cells if (found := _ROW_NAME.fullmatch(cell.strip()))]
    return len(numbers) == len(cells) and len(set(numbers)) == len(cells)
