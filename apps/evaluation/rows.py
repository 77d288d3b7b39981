"""Rows of outputs and comparisons, read from Parquet a page at a time."""

from typing import Any

from apps.core.parquet import local_file, select

OUTPUTS_NAME, ROWS_NAME = "outputs.parquet", "rows.parquet"


class ParquetPage:
    """A Parquet file's rows as dictionaries, in one order, for Django's Paginator."""

    def __init__(self, key: str, name: str, order: str) -> None:
        self.path = str(local_file(key, name))
        self.order = order

    def _query(self, sql: str) -> list[dict[str, Any]]:
        names, rows = select(sql, [self.path])
        return [dict(zip(names, row, strict=True)) for row in rows]

    def count(self, value: object = None, /) -> int:
        return int(self._query("SELECT count(*) AS n FROM read_parquet(?)")[0]["n"])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        start, size = part.start or 0, part.stop - (part.start or 0)
        return self._query(
            f"SELECT * FROM read_parquet(?) ORDER BY {self.order} LIMIT {int(size)} OFFSET {int(start)}"  # noqa: S608
        )


def output_rows(key: str) -> ParquetPage:
    """An evaluation's outputs, in the order of the data."""
    return ParquetPage(key, OUTPUTS_NAME, "line, row_id")


ORDERS = {"disagreement": "disagreement DESC, line, row_id", "line": "line, row_id"}


def compared_orders(evaluations: int) -> dict[str, str]:
    """The orders in which rows of a comparison of so many evaluations can be read, and their SQL."""
    worst_first = {f"worst:e{i}": f'"score.e{i}", line, row_id' for i in range(evaluations)}
    return {**ORDERS, **worst_first}


def compared_rows(key: str, order: str, evaluations: int) -> ParquetPage:
    """A comparison's rows; an `order` that is none of `compared_orders` is taken for the first of them."""
    orders = compared_orders(evaluations)
    return ParquetPage(key, ROWS_NAME, orders.get(order, ORDERS["disagreement"]))
