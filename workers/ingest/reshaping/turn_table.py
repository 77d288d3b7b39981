"""Turns in a file, ordered and grouped into conversations. Sorting and grouping spill to disk."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa

_BATCH_ROWS = 5_000
_TREE = """
CREATE TABLE placed AS
WITH RECURSIVE best AS MATERIALIZED (
    SELECT number, message, nullif(parent, message) AS parent,
        row_number() OVER (PARTITION BY nullif(parent, message) ORDER BY learned DESC, rank NULLS LAST, number) AS place
    FROM turns WHERE content IS NOT NULL
), path AS (
    SELECT number, message, number AS root, 1 AS depth FROM best
    WHERE NOT EXISTS (SELECT 1 FROM turns AS before WHERE before.message = best.parent)
    UNION ALL
    SELECT best.number, best.message, path.root, path.depth + 1
    FROM path JOIN best ON best.parent = path.message WHERE best.place = 1 AND path.depth < {longest}
)
SELECT number, root, depth FROM path
"""
"""A conversation for each turn without one before it, along the best of the turns that follow each. Some exports name a
first turn as its own parent."""
_LEFT_OUT = """
WITH said AS (SELECT number, message, nullif(parent, message) AS parent FROM turns WHERE content IS NOT NULL),
ends AS (SELECT message FROM said JOIN placed USING (number) WHERE depth = {longest})
SELECT said.number, min(above.number) AS above, coalesce(said.parent IN (SELECT message FROM ends), false) AS follows_cut
FROM said LEFT JOIN said AS above ON above.message = said.parent
WHERE said.number NOT IN (SELECT number FROM placed)
GROUP BY said.number, said.parent ORDER BY said.number
"""
"""The turns on no path, the turn before each, and whether that one is the last of a path that was cut."""
LONGEST = 1000
"""Turns to which a conversation of a tree is followed."""


def turn_schema(beside: int) -> pa.Schema:
    """The columns of the file: where a turn stands, who says what, and cells of the whole conversation."""
    return pa.schema(
        [
            ("number", pa.int64()),
            ("line", pa.int64()),
            ("talk", pa.string()),
            ("turn", pa.float64()),
            ("message", pa.string()),
            ("parent", pa.string()),
            ("rank", pa.float64()),
            ("role", pa.string()),
            ("content", pa.string()),
            ("learned", pa.bool_()),
            *((f"beside{index}", pa.string()) for index in range(beside)),
        ]
    )


def is_tree(rows: Path, work: Path, message: str, parent: str) -> bool:
    """Whether more than one in five of the turns named as parents in rows.parquet is in it. A sample of its rows holds fewer
    of them the longer the table is."""
    name, before = ('"' + column.replace('"', '""') + '"' for column in (message, parent))
    with duckdb.connect() as database:
        database.execute("SET memory_limit = '400MB'; SET threads = 1")
        database.execute("SET temp_directory = ?", [str(work / "spill")])
        database.read_parquet(str(rows)).create_view("turns")
        found = database.execute(
            f"SELECT count(*), count(*) FILTER (WHERE said IN (SELECT {name} FROM turns)) FROM (SELECT DISTINCT {before} AS said FROM turns WHERE {before} IS NOT NULL)"  # noqa: S608
        ).fetchone()
    return found is not None and int(found[1]) * 5 > int(found[0])


class TurnTable:
    """An open file of turns. `beside` names the cells of the whole conversation; `varying` are those that differ within
    one, which are left out. Of the turns of a tree `alternatives` counts those that are on no path, and `cut` those that follow
    the last turn of a path that is as long as it may be."""

    def __init__(self, turns: Path, work: Path, beside: Sequence[str], *, is_tree: bool) -> None:
        self.alternatives = 0
        self.cut = 0
        self._database = duckdb.connect()
        self._database.execute("SET memory_limit = '400MB'; SET threads = 1")
        self._database.execute("SET temp_directory = ?", [str(work / "spill")])
        self._database.read_parquet(str(turns)).create_view("turns")
        if is_tree:
            self._database.execute(_TREE.format(longest=LONGEST))
            self._database.execute(
                "CREATE VIEW joined AS SELECT turns.* REPLACE (coalesce(talk, CAST(root AS VARCHAR)) AS talk, CAST(depth AS DOUBLE) AS turn), root"
                " FROM turns JOIN placed USING (number)"
            )
            left_out = self._count(
                "SELECT (SELECT count(*) FROM turns WHERE content IS NOT NULL) - count(*) FROM placed"
            )
            is_long = left_out and self._count("SELECT max(depth) FROM placed") >= LONGEST
            self.cut = self._count_cut() if is_long else 0
            self.alternatives = left_out - self.cut
        else:
            self._database.execute(
                "CREATE VIEW joined AS SELECT *, talk AS root FROM turns WHERE content IS NOT NULL"
            )
        self._beside = {name: f"beside{index}" for index, name in enumerate(beside)}
        self.varying = [name for name, column in self._beside.items() if self._varies(column)]
        for name in self.varying:
            del self._beside[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def _count(self, query: str) -> int:
        found = self._database.execute(query).fetchone()
        return int(found[0] or 0) if found else 0

    def _count_cut(self) -> int:
        """Count the turns below the ends of the longest paths. A chain may go on for long, so each turn finds the first one
        above it that is left out too in steps that double."""
        found = self._database.execute(_LEFT_OUT.format(longest=LONGEST)).fetchnumpy()
        numbers, above = np.asarray(found["number"]), np.ma.filled(found["above"], -1)
        place = np.searchsorted(numbers, above).clip(max=len(numbers) - 1)
        first = np.where(numbers[place] == above, place, np.arange(len(numbers)))
        for _ in range(len(numbers).bit_length()):
            first = first[first]
        return int(np.asarray(found["follows_cut"], dtype=bool)[first].sum())

    def _varies(self, column: str) -> bool:
        """Whether a column says different things in more than one of twenty conversations."""
        varying = self._count(
            f"SELECT count(*) FROM (SELECT root FROM joined WHERE {column} IS NOT NULL GROUP BY root HAVING min(hash({column})) <> max(hash({column})))"  # noqa: S608
        )
        return varying * 20 > self._count("SELECT count(DISTINCT root) FROM joined")

    def conversations(self) -> Iterator[tuple[int, str | None, str, dict[str, str | None]]]:
        """Yield first line, conversation, messages as JSON and the cells beside them, in the order of their beginnings."""
        beside = "".join(f", arg_min({column}, number)" for column in self._beside.values())
        found = self._database.execute(
            "SELECT min(line) AS first, any_value(talk), list({'role': role, 'content': content, 'learned': learned} ORDER BY turn NULLS LAST, number)"  # noqa: S608
            f"{beside} FROM joined GROUP BY root ORDER BY first"
        )
        while rows := found.fetchmany(_BATCH_ROWS):
            for line, talk, messages, *cells in rows:
                yield (
                    line,
                    talk,
                    json.dumps([*map(_marked, messages)], ensure_ascii=False),
                    dict(zip(self._beside, cells, strict=True)),
                )


def _marked(turn: dict[str, Any]) -> dict[str, Any]:
    message = {"role": turn["role"], "content": turn["content"]}
    return message if turn["learned"] else {**message, "weight": 0}
