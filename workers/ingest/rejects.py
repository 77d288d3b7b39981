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
from workers.contracts.texts import TEMPLATES, Text
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
        if "code" not in merged.columns:
            merged = merged.project("*, '' AS code, '{}' AS params")
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


_READ = r"""
    SELECT reason, coalesce(code, '') AS code,
        CASE WHEN coalesce(code, '') = '' THEN regexp_replace(reason, '[0-9][0-9,]*', '…', 'g')
        ELSE regexp_replace(
            regexp_replace(params, '\}, "text": "(?:[^"\\]|\\.)*"\}', '}}', 'g'),
            '([^\\]": )-?[0-9][0-9.eE+-]*', '\1"…"', 'g'
        ) END AS params
    FROM read_parquet(?)
"""
"""Reasons without their numbers, and without the English of those within them; that of earlier releases is all there is."""
_COUNT = f"""
    WITH read AS ({_READ}),
    kinds AS (SELECT code, count(DISTINCT params) AS kinds FROM read GROUP BY code)
    SELECT any_value(reason), code, any_value(params), max(kinds), count(*)
    FROM read JOIN kinds USING (code)
    GROUP BY code, CASE WHEN kinds > ? AND code <> '' THEN '' ELSE params END
"""  # noqa: S608  (no value is filled in)


def _groups(database: duckdb.DuckDBPyConnection, path: Path) -> Counter[Text]:
    """Rows by reason. A reason with very many different names is counted by its code alone."""
    groups: Counter[Text] = Counter()
    found = database.execute(_COUNT, [str(path), _MOST_KINDS]).fetchall()
    for reason, code, params, kinds, rows in found:
        groups[_group(reason, code, params, whole=kinds > _MOST_KINDS)] += rows
    return groups


def _group(reason: str, code: str, params: str, *, whole: bool) -> Text:
    """What all rows of a group have in common: their reason, without any parameter where `whole`."""
    if code in _TOGETHER:
        return _TOGETHER[code]
    if not code:
        return Text.plain(params)
    if code not in TEMPLATES:  # of another release
        return Text.plain(reason)
    given: dict[str, Any] = json.loads(params)
    return Text(code, **{name: "…" if whole else _rebuilt(value) for name, value in given.items()})


def _rebuilt(value: Any) -> Any:
    """A parameter that is a text itself, with the English that belongs to its parameters."""
    if not isinstance(value, dict) or value.get("code") not in TEMPLATES:
        return Text.parse(value) if isinstance(value, dict) else value
    return Text(value["code"], **{name: _rebuilt(one) for name, one in value["params"].items()})
