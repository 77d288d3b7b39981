"""Labels that stand in the first row of a group of rows only, as people write tables: the rows below mean it too."""

from pathlib import Path

from workers.contracts.job_kinds.importing import Column
from workers.ingest.reshaping.cells import Cells
from workers.ingest.tables import read_rows
from workers.ingest.verdicts import number_of
from workers.ingest.vocabulary import LABEL, named

_LEAST_ROWS = 3
"""In a group, on average."""
_MOST_UNEVEN = 20
"""Times as many rows as the smallest group: a group beyond that is rather the rest of a table with few labels."""
_LEAST_TABLE = 24
"""Rows of a table: a shorter one may hold a few labels by chance, and is too short to learn from."""


def group_column(path: Path, columns: list[Column]) -> str | None:
    """Return the label column whose every value begins a group. No value repeats there: labels of some rows would."""
    rows = max((column.filled for column in columns), default=0)
    for column in columns if rows >= _LEAST_TABLE else ():
        if (
            named(column.name, LABEL)
            and not column.is_messages
            and 2 <= column.filled == column.distinct
            and not column.distinct_is_estimate
            and column.filled * _LEAST_ROWS <= rows
            and _begins_groups(path, column.name)
        ):
            return column.name
    return None


def _begins_groups(path: Path, name: str) -> bool:
    """Whether the values are no numbers, which rate single rows, the first row has one, and the groups are even enough."""
    sizes: list[int] = []
    for _, cells in read_rows(path):
        value = cells.get(name)
        if value is not None:
            if number_of(value) is not None:
                return False
            sizes.append(0)
        if not sizes:
            return False
        sizes[-1] += 1
    return max(sizes) <= _MOST_UNEVEN * min(sizes)


def filled_down(table: Cells, name: str) -> Cells:
    """Yield the rows, each with the label of its group."""
    label: str | None = None
    for line, cells in table:
        label = cells.get(name) or label
        yield line, {**cells, name: label}
