"""Rows of a delimited text whose cells hold the delimiter without quotation marks: “Open order 7, choose refund”.

In such a cell a space follows the comma; between two cells none does.
"""

from workers.contracts.texts import Text
from workers.ingest.header import looks_like_header

UNQUOTED = Text("readers.unquoted_commas")
_SIGNS = (",", ";")
_LEAST = 0.5


def rejoined(cells: list[str], width: int, delimiter: str) -> list[str] | None:
    """Return `width` cells with those that begin with a space joined to what stands before them; None where that gives
    another number of cells."""
    if delimiter not in _SIGNS or len(cells) <= width:
        return None
    made: list[str] = []
    for cell in cells:
        if made and cell.startswith(" "):
            made[-1] += delimiter + cell
        else:
            made.append(cell)
    return made if len(made) == width else None


def width_by_header(records: list[list[str]], delimiter: str) -> int | None:
    """Return the width of a table by its first row, where that names the columns and most wider rows are of the same
    width once their cells are joined again."""
    first, body = (records[0], records[1:]) if records else ([], [])
    wider = [cells for cells in body if len(cells) > len(first)]
    if len(first) < 2 or not wider or any(not cell.strip() or cell.startswith(" ") for cell in first):
        return None
    joined = [made for cells in wider if (made := rejoined(cells, len(first), delimiter))]
    if len(joined) < _LEAST * len(wider):
        return None
    rows = [*joined, *(cells for cells in body if len(cells) == len(first))]
    return len(first) if looks_like_header(first, rows) else None
