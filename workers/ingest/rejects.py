"""Rows that were not kept: rejected.parquet, and how many there are for each reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.excerpts import excerpt
from workers.contracts.texts import Text
from workers.ingest.tables import printable

REJECTED_NAME = "rejected.parquet"
REJECTED_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("text", pa.string()),
        ("code", pa.string()),
        ("params", pa.string()),
    ]
)
"""`reason` is the English of `code` with `params`, which are JSON."""
REJECTED_TEXT_CHARACTERS = 2000
SEVERAL_LABELS = Text("rows.group_several_labels")
SAME_ROW = Text("rows.group_duplicate")

_BATCH_ROWS = 5_000
_FIRST = 20
_MOST_REASONS = 100
_MOST_KINDS = 100
"""Of parameters of one reason that are told apart."""
_OTHER_REASONS = Text("rows.group_other")
_TOGETHER = {
    "rows.duplicate": SAME_ROW,
    "rows.lone_label": Text("rows.group_lone_label"),
    "rows.several_labels": SEVERAL_LABELS,
    "rows.means_no_label": Text("rows.means_no_label", label="…"),
}
"""Reasons that differ in every row, by code, and what all of them are."""


class RejectedWriter:
    """Writes rejected.parquet; counts the rejects and keeps the first ones for the page."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, REJECTED_SCHEMA, compression="zstd")
        self._pending: list[tuple[int, str, str, str, str]] = []
        self.count = 0
        self.first: list[tuple[int, Text]] = []

    def add(self, line: int, reason: Text, text: str) -> None:
        if len(self.first) < _FIRST:
            self.first.append((line, reason))
        self.count += 1
        shown = printable(excerpt(text, REJECTED_TEXT_CHARACTERS))
        params = json.dumps(reason.dump()["params"], ensure_ascii=False)
        self._pending.append((line, printable(reason), shown, reason.code, printable(params)))
        if len(self._pending) >= _BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            columns = [list(column) for column in zip(*self._pending, strict=True)]
            self._writer.write_table(pa.table(columns, schema=REJECTED_SCHEMA))
            self._pending = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._writer.close()


def merge_rejects(parts: list[Path], path: Path, work: Path) -> tuple[int, dict[Text, int]]:
    """Write all rejects sorted by line; return how many there are, and the rows of each reason, most first.

    Numbers within a reason are left aside. What has none of the most frequent reasons is counted together. Files of
    earlier releases hold no codes.
    """
    files = [str(part) for part in parts if part.exists()]
    with duckdb.connect() as database:
        database.execute("SET memory_limit = '400MB'; SET threads = 1")
        database.execute("SET temp_directory = ?", [str(work / "spill")])
        merged = database.read_parquet(files, union_by_name=True)
        merged.order("line, reason").write_parquet(str(path), compression="zstd")
        groups = _groups(database, path)
    reasons = dict(sorted(groups.items(), key=lambda group: (-group[1], group[0]))[:_MOST_REASONS])
    total = pq.read_metadata(path).num_rows
    if others := total - sum(reasons.values()):
        reasons[_OTHER_REASONS] = others
    return total, reasons


def most_frequent(path: Path) -> Text:
    """One sentence on the most frequent reason in a rejects file; empty without rejects."""
    total = pq.read_metadata(path).num_rows if path.exists() else 0
    if not total:
        return Text.plain("")
    with duckdb.connect() as database:
        reason, rows = _groups(database, path).most_common(1)[0]
    return Text("rows.most_frequent_reason", rejected=total, reason=reason, rows=rows)


def _groups(database: duckdb.DuckDBPyConnection, path: Path) -> Counter[Text]:
    """Rows by reason. Reasons with very many different parameters are counted by their code alone."""
    found = database.execute(
        "WITH read AS (SELECT reason, coalesce(code, '') AS code,"
        " CASE WHEN coalesce(code, '') = '' THEN reason ELSE params END AS params FROM read_parquet(?)),"
        " kinds AS (SELECT code, count(DISTINCT params) AS kinds FROM read GROUP BY code)"
        " SELECT any_value(reason), code, any_value(params), max(kinds), count(*) AS rows"
        " FROM read JOIN kinds USING (code) GROUP BY code, CASE WHEN kinds > ? THEN '' ELSE params END",
        [str(path), _MOST_KINDS],
    ).fetchall()
    groups: Counter[Text] = Counter()
    for reason, code, params, kinds, rows in found:
        groups[_group(reason, code, params, whole=kinds > _MOST_KINDS)] += rows
    return groups


def _group(reason: str, code: str, params: str, *, whole: bool) -> Text:
    """What all rows of a group have in common: its reason without numbers, or (`whole`) without any parameter."""
    if code in _TOGETHER:
        return _TOGETHER[code]
    if not code:
        return Text.plain(reason)
    read: dict[str, Any] = Text.parse({"params": json.loads(params)}).params
    return Text(code, **{name: _common(value, whole=whole) for name, value in read.items()})


def _common(value: Any, *, whole: bool) -> Any:
    return "…" if whole or isinstance(value, int | float) else value
