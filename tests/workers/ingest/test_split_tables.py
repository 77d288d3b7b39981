"""A JSON file may hold a table for each split, in any orientation and arrangement: no table and no split is lost."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from workers.contracts.roles import Role

LABELS = ("delivery", "payment", "returns")
COUNTS = {"train": 30, "validation": 6, "test": 9}
Rows = list[dict[str, Any]]


def rows_of(split: str, count: int) -> Rows:
    return [{"text": f"order {split} {n} is late", "label": LABELS[n % 3]} for n in range(count)]


def _lists(rows: Rows) -> list[list[Any]]:
    return [list(row.values()) for row in rows]


ORIENTATIONS: dict[str, Callable[[Rows], Any]] = {
    "rows": lambda rows: rows,
    "columns": lambda rows: {name: [row[name] for row in rows] for name in ("text", "label")},
    "counted columns": lambda rows: {
        name: {str(n): row[name] for n, row in enumerate(rows)} for name in ("text", "label")
    },
    "index": lambda rows: {str(n): row for n, row in enumerate(rows)},
    "pandas split": lambda rows: {"columns": ["text", "label"], "data": _lists(rows)},
    "lists": lambda rows: [["text", "label"], *_lists(rows)],
    "wrapped": lambda rows: {"data": rows},
}
ARRANGEMENTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "one line": json.dumps,
    "indented": lambda splits: json.dumps(splits, indent=1),
    "a line for each": lambda splits: "\n".join(json.dumps({name: table}) for name, table in splits.items()),
    "in a list": lambda splits: json.dumps([splits]),
    "wrapped": lambda splits: json.dumps({"license": "MIT", "dataset": splits}),
    "with more beside": lambda splits: json.dumps({"name": "Orders", "version": 2, **splits}),
    "with an empty one": lambda splits: json.dumps({"dev": [], **splits}),
    "other names": lambda splits: json.dumps({f"{name}_data": table for name, table in splits.items()}),
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_split_is_read(import_file, orientation: str) -> None:
    splits = {name: ORIENTATIONS[orientation](rows_of(name, count)) for name, count in COUNTS.items()}
    for arrangement, write in ARRANGEMENTS.items():
        imported = import_file(write(splits), "data.jsonl")
        found = Counter(row["split"].removesuffix("_data") for row in imported.rows)
        assert found == COUNTS, arrangement
        assert imported.rejected == [], arrangement
        for row in imported.rows:
            assert f" {row['split'].removesuffix('_data')} " in row["text"], arrangement
        assert imported.result.proposal.roles == {
            "text": Role.INPUT, "label": Role.LABEL, "split": Role.SPLIT
        }, arrangement  # fmt: skip


def test_the_name_of_the_file_changes_nothing(import_file) -> None:
    for orientation, arrangement in product(("rows", "columns"), ("one line", "a line for each")):
        splits = {name: ORIENTATIONS[orientation](rows_of(name, n)) for name, n in COUNTS.items()}
        text = ARRANGEMENTS[arrangement](splits)
        answers = [import_file(text, name) for name in ("data.json", "data.jsonl")]
        assert answers[0].rows == answers[1].rows
        assert answers[0].result == answers[1].result


def test_splits_may_differ_in_orientation_and_be_short(import_file) -> None:
    columns = ORIENTATIONS["columns"]
    for train, test in (
        (rows_of("train", 30), columns(rows_of("test", 1))),
        (columns(rows_of("train", 30)), rows_of("test", 1)),
    ):
        imported = import_file(json.dumps({"train": train, "test": test}), "data.json")
        assert Counter(row["split"] for row in imported.rows) == {"train": 30, "test": 1}
        assert imported.result.proposal.roles["split"] is Role.SPLIT


def test_large_tables_one_after_another_are_all_read(import_file) -> None:
    """The first line alone fills what is looked at to judge the file."""
    long = "word " * 60
    lines = [
        {name: {"text": [f"{name} {n} {long}" for n in range(1500)], "label": list(LABELS) * 500}}
        for name in COUNTS
    ]
    imported = import_file("\n".join(map(json.dumps, lines)), "data.jsonl")
    assert Counter(row["split"] for row in imported.rows) == dict.fromkeys(COUNTS, 1500)
    assert len({row["__line"] for row in imported.rows}) == 4500


def test_a_row_with_a_list_named_test_stays_a_row(import_file) -> None:
    lines = [
        json.dumps(
            {"prompt": f"Add {n} and 2", "completion": f"It is {n + 2}", "test": [{"in": n, "out": 2}]}
        )
        for n in range(12)
    ]
    assert import_file("\n".join(lines), "data.jsonl").result.rows == 12


def test_tables_that_are_not_read_are_named(import_file) -> None:
    for text in (
        json.dumps({"tickets": rows_of("a", 12), "archive": rows_of("b", 12)}),
        json.dumps({"train": rows_of("train", 12), "archive": rows_of("b", 12)}),
    ):
        imported = import_file(text, "data.json")
        assert imported.result.rows == 12
        assert (
            "The file contains more tables, which were not read: “archive”." in imported.result.proposal.why
        )


def test_what_follows_a_table_is_rejected(import_file) -> None:
    text = json.dumps(ORIENTATIONS["columns"](rows_of("a", 12)))
    imported = import_file(text + " tail", "data.json")
    assert (imported.result.rows, imported.result.rejected) == (12, 1)
    assert "after the end" in imported.rejected[0]["reason"]
