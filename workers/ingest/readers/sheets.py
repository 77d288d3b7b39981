"""What the sheets of a workbook hold that are not read: the same columns, or the texts of other labels."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from workers.contracts.texts import Text
from workers.ingest.readers.xml_parts import SheetRow
from workers.ingest.split_parts import unread_alike

Tops = dict[str, list[list[str]]]
_LOOKED_AT = 30
"""Rows at the top of a sheet."""
_FEWEST_TEXTS = 3
_UNNAMED = re.compile(r"[^\W\d]+[ _-]?\d{1,3}")
"""Names that spreadsheet programs give: Sheet1, Tabelle2, 工作表3."""


def tops_by_sheet(rows_of: Callable[[str], Iterator[SheetRow]], names: list[str]) -> Tops:
    """Return the first rows of sheets that are read one by one."""
    tops = {name: [list(cells.values()) for _, cells in islice(rows_of(name), _LOOKED_AT)] for name in names}
    return {name: rows for name, rows in tops.items() if rows}


def tops_in_order(all_rows: Callable[[], Iterable[tuple[str, list[str]]]], names: list[str]) -> Tops:
    """Return the first rows of sheets that can only be read one after another."""
    tops: Tops = {}
    for name, texts in all_rows():
        if name in names and texts and len(tops.setdefault(name, [])) < _LOOKED_AT:
            tops[name].append(texts)
    return tops


def alike(read: str, tops: Tops) -> list[str]:
    """Return the other sheets that have the first row of the one that is read, where it names several columns."""
    header = tops[read][0] if read in tops else []
    return [name for name, rows in tops.items() if name != read and len(header) > 1 and rows[0] == header]


def unread_sheets(read: str, tops: Tops) -> list[Text]:
    """Say what sheets beside the one that is read hold, where it belongs to the same table."""
    if len(tops) < 2 or read not in tops:
        return []
    if all(_is_list_of_texts(rows) for rows in tops.values()) and not any(map(_UNNAMED.fullmatch, tops)):
        other = next(name for name in tops if name != read)
        return [Text("readers.sheets_of_texts", sheet=read, other=other)]
    others = alike(read, tops)
    return [unread_alike(read, others)] if others else []


def _is_list_of_texts(rows: list[list[str]]) -> bool:
    return len(rows) >= _FEWEST_TEXTS and all(len(cells) == 1 for cells in rows)
