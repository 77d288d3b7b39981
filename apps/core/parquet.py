"""Reading Parquet files of storage a page at a time, small enough for a web process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from apps.core.storage import local_copies, storage

_CONFIG = {"threads": 1, "memory_limit": "512MB", "autoinstall_known_extensions": False}


def local_file(folder: str, name: str) -> Path:
    """A file of a published folder. The folder is fetched as a whole: workers on this host share the cache, and need all of it.

    Raises StorageError when there is nothing under `folder`.
    """
    return storage().fetch(folder, local_copies()) / name


def select(sql: str, values: list[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one query in a DuckDB of its own; return the names of its columns and its rows."""
    with duckdb.connect(config=_CONFIG) as connection:
        cursor = connection.execute(sql, values)
        return [column[0] for column in cursor.description], cursor.fetchall()


@dataclass(frozen=True)
class ParquetRows:
    """Rows of a Parquet file as dictionaries, narrowed and ordered as a QuerySet is, for lists and Django's Paginator.

    Conditions and orders are SQL of ours, in which people's own words are values.
    """

    path: Path
    conditions: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    order: tuple[str, ...] = ()

    def where(self, condition: str, *values: Any) -> ParquetRows:
        """Those rows for which `condition` is true; each ? in it stands for one of `values`."""
        return replace(self, conditions=(*self.conditions, f"({condition})"), values=(*self.values, *values))

    def holding(self, columns: Sequence[str], word: str) -> ParquetRows:
        """Those rows that hold `word` in one of the columns, in capital or small letters."""
        held = " OR ".join(f"contains(lower({column}), lower(?))" for column in columns)
        return self.where(held, *[word] * len(columns))

    def order_by(self, *order: str) -> ParquetRows:
        return replace(self, order=order)

    def count(self, value: object = None, /) -> int:
        return int(self._select("count(*) AS n")[0]["n"])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        start, size = part.start or 0, part.stop - (part.start or 0)
        order = f"ORDER BY {', '.join(self.order)}" if self.order else ""
        return self._select("*", f"{order} LIMIT {int(size)} OFFSET {int(start)}")

    def _select(self, columns: str, rest: str = "") -> list[dict[str, Any]]:
        where = f"WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        sql = f"SELECT {columns} FROM read_parquet(?) {where} {rest}"  # noqa: S608  (values are bound)
        names, rows = select(sql, [str(self.path), *self.values])
        return [dict(zip(names, row, strict=True)) for row in rows]
