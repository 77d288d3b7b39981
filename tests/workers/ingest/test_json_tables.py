"""Tables in one JSON document, in every orientation that tools write, and what annotation and chat tools export."""

import json
from collections import Counter
from typing import Any

import pytest

from workers.contracts.roles import Role
from workers.ingest.readers.json_window import CHUNK

ROWS = [{"text": f"My parcel {n} is late", "label": "ab"[n % 2]} for n in range(30)]
LISTS = [list(row.values()) for row in ROWS]
COLUMNS: dict[str, dict[str, Any]] = {
    name: {str(n): row[name] for n, row in enumerate(ROWS)} for name in ROWS[0]
}
TABLES: dict[str, Any] = {
    "records": ROWS,
    "columns": COLUMNS,
    "columns named otherwise": {
        name: {f"r{key}": cell for key, cell in cells.items()} for name, cells in COLUMNS.items()
    },
    "columns as lists": {name: [row[name] for row in ROWS] for name in ROWS[0]},
    "index": {str(n): row for n, row in enumerate(ROWS)},
    "split": {"columns": ["text", "label"], "index": list(range(30)), "data": LISTS},
    "split, names last": {"index": list(range(30)), "data": LISTS, "columns": ["text", "label"]},
    "table": {"schema": {"fields": [{"name": "text"}], "primaryKey": ["text"]}, "data": ROWS},
    "values below a header": [["text", "label"], *LISTS],
    "values of a spreadsheet": {"range": "A1:B31", "values": [["text", "label"], *LISTS]},
    "under some key": {"utterances": ROWS, "version": "1.0"},
    "far below": {"rasa_nlu_data": {"regex_features": [], "common_examples": ROWS}},
    "search hits": {"took": 3, "hits": {"total": 30, "hits": [{"_index": "a", "_source": row} for row in ROWS]}},
    "the Hub's viewer": {
        "features": [{"name": "text"}, {"name": "label"}],
        "rows": [{"row_idx": n, "row": row, "truncated_cells": []} for n, row in enumerate(ROWS)],
    },
    "JSON:API": {"data": [{"type": "ticket", "id": str(n), "attributes": row} for n, row in enumerate(ROWS)]},
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", TABLES)
def test_the_same_rows_in_every_orientation(import_file, shape: str, indent: int | None) -> None:
    imported = import_file(json.dumps(TABLES[shape], indent=indent), "x.json")
    assert [{name: row[name] for name in ("text", "label")} for row in imported.rows] == ROWS
    assert imported.result.rejected == 0
    assert imported.result.proposal.task_type == "classification"


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", TABLES)
def test_a_table_for_each_split_in_every_orientation(import_file, shape: str, indent: int | None) -> None:
    """As a DatasetDict is saved: the split of each row is kept, and no two rows share a line."""
    document = {"train": TABLES[shape], "validation": TABLES[shape], "test": TABLES[shape]}
    imported = import_file(json.dumps(document, indent=indent), "x.json")
    found = [(row["split"], row["text"], row["label"]) for row in imported.rows]
    assert found == [(split, *row.values()) for split in document for row in ROWS]
    assert imported.result.proposal.roles["split"] == Role.SPLIT
    if indent is None or "columns" in shape:
        assert len({row["__line"] for row in imported.rows}) == len(found)


def test_splits_larger_than_the_window(import_file) -> None:
    table = {name: [row[name] for row in ROWS] * 500 for name in ROWS[0]}
    imported = import_file(json.dumps({"train": table, "test": table}, indent=1), "x.json")
    assert Counter(row["split"] for row in imported.rows) == {"train": 15_000, "test": 15_000}
    assert import_file(json.dumps(table), "x.json").result.rows == 15_000


@pytest.mark.parametrize("seen", [1, 10])
def test_a_split_that_begins_at_the_end_of_the_window(import_file, seen: int) -> None:
    """Where so few characters of it are in memory that it does not look like a table yet, more are read."""
    rows = ROWS * 350
    document = {"train": {"data": rows}, "test": {"data": rows}}
    begins = json.dumps(document).index('"test": ') + len('"test": ')
    longer = {**rows[-1], "text": rows[-1]["text"] + "." * (-(begins + seen) % CHUNK)}
    document["train"] = {"data": [*rows[:-1], longer]}
    imported = import_file(json.dumps(document), "x.json")
    assert Counter(row["split"] for row in imported.rows) == {"train": len(rows), "test": len(rows)}


def test_a_split_without_a_table_is_named(import_file) -> None:
    imported = import_file(json.dumps({"train": {"data": ROWS}, "test": {}}), "x.json")
    assert len(imported.rows) == len(ROWS)
    assert any("Splits without a table were skipped: “test”" in why for why in imported.result.proposal.why)


def test_the_name_of_a_row_is_kept(import_file) -> None:
    rows = import_file(json.dumps({f"q{n}": row for n, row in enumerate(ROWS)}), "x.json").rows
    assert (rows[1]["key"], rows[1]["text"]) == ("q1", ROWS[1]["text"])


def test_lists_without_a_header_are_numbered_as_in_a_csv_file(import_file) -> None:
    pairs = [[f"How do I send back lamp {n}?", f"Choose order {n}, then refund it."] for n in range(20)]
    for text, name in ((json.dumps(pairs), "x.json"), ("\n".join(map(json.dumps, pairs)), "x.jsonl")):
        imported = import_file(text, name)
        assert [[row["column_1"], row["column_2"]] for row in imported.rows] == pairs
        assert any("columns were numbered" in why for why in imported.result.proposal.why)


def test_a_list_of_another_length_is_a_reject(import_file) -> None:
    imported = import_file(json.dumps([*LISTS, ["only one"]]), "x.json")
    assert (imported.result.rows, imported.rejected[0]["reason"]) == (
        30,
        "Wrong number of values: 1 instead of 2",
    )


def test_one_object_stays_one_row(import_file) -> None:
    talk = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    for table in ({"question": "Who?", "answer": "Ana", "tags": [{"a": 1}, {"a": 2}]}, talk):
        imported = import_file(json.dumps(table), "x.json")
        assert (imported.result.rows, list(table)) == (1, [column.name for column in imported.result.columns])


def test_columns_may_be_larger_than_the_window(import_file) -> None:
    table = {
        name: {str(n): f"{name} {n} " + "x" * 200 for n in range(5_000)} for name in ("question", "answer")
    }
    imported = import_file(json.dumps(table), "x.json")
    assert imported.result.rows == 5_000
    assert imported.rows[4_999]["answer"] == table["answer"]["4999"]


def test_columns_that_name_their_rows_differently_are_told(import_file) -> None:
    table = {"text": {"0": "a", "1": "b"}, "label": {"0": "x", "2": "y"}}
    imported = import_file(json.dumps(table), "x.json")
    assert (imported.result.rows, imported.result.rejected) == (1, 1)
    assert "name this row differently" in imported.rejected[0]["reason"]


def squad(answers: Any) -> dict[str, Any]:
    qas = [{"id": str(n), "question": f"Which {n}?", "answers": answers} for n in range(3)]
    return {
        "version": "1.1",
        "data": [{"title": "Porto", "paragraphs": [{"context": "Porto has 3.", "qas": qas}]}] * 4,
    }


@pytest.mark.parametrize(
    ("answers", "answer"),
    [
        ([{"text": "3", "answer_start": 10}], "3"),
        ({"text": ["3", "three"], "answer_start": [10, 1]}, "3"),
        ([], None),
    ],
)
def test_nested_questions_become_rows(import_file, answers: Any, answer: str | None) -> None:
    imported = import_file(json.dumps(squad(answers), indent=1), "squad.json")
    assert imported.result.rows == 12
    cells = {name: cell for name, cell in imported.rows[1].items() if name != "__line"}
    assert cells.get("answer") == answer
    assert (cells["question"], cells["context"]) == ("Which 1?", "Porto has 3.")


def test_exports_of_tools(import_file) -> None:
    studio = [
        {"id": n, "data": {"text": row["text"]}, "annotations": [
            {"result": [{"from_name": "mood", "type": "choices", "value": {"choices": [row["label"]]}}]}]}
        for n, row in enumerate(ROWS)
    ]  # fmt: skip
    assert [row["mood"] for row in import_file(json.dumps(studio), "x.json").rows] == [
        row["label"] for row in ROWS
    ]
    intents = {"intents": [{"tag": tag, "patterns": ["Hi", "Hello"], "responses": ["Hey"]} for tag in "ab"]}
    rows = import_file(json.dumps(intents), "intents.json").rows
    assert [(row["text"], row["label"]) for row in rows] == [
        ("Hi", "a"),
        ("Hello", "a"),
        ("Hi", "b"),
        ("Hello", "b"),
    ]
    story = [{"input_text": "Who?"}], [{"input_text": "Ana", "span_text": "Ana went"}]
    coqa = {"data": [{"story": "Ana went.", "questions": story[0], "answers": story[1]}] * 2}
    assert import_file(json.dumps(coqa), "x.json").rows[0]["answer"] == "Ana"


def test_a_chatgpt_export_follows_the_branch_that_was_shown(import_file) -> None:
    def node(parent: str | None, role: str, *parts: str) -> dict[str, Any]:
        message = {"author": {"role": role}, "content": {"content_type": "text", "parts": list(parts)}}
        return {"parent": parent, "message": message}

    tree = {"root": {"parent": None, "message": None}, "q": node("root", "user", "Hi"),
            "a1": node("q", "assistant", "No"), "a2": node("q", "assistant", "Hello")}  # fmt: skip
    export = [{"title": "One", "mapping": tree, "current_node": "a2"}] * 2
    rows = import_file(json.dumps(export), "conversations.json").rows
    assert json.loads(rows[0]["messages"]) == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("wrap", ["", '{"data": ', '{"tickets": '])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_document_cut_between_two_items_says_so(
    import_file, cut: int, wrap: str, indent: int | None
) -> None:
    whole = json.dumps(ROWS, indent=indent)
    kept = (
        whole[: whole.rindex("}") + 1] if cut == 1 else whole[: whole.rindex(",", 0, whole.rindex("{")) + 1]
    )
    imported = import_file(wrap + kept, "x.json")
    assert imported.result.rows == 31 - cut
    assert any("is incomplete" in why for why in imported.result.proposal.why)
    assert "ends in the middle" in imported.rejected[-1]["reason"]


def test_a_whole_document_is_not_called_incomplete(import_file) -> None:
    for table in TABLES.values():
        why = import_file(json.dumps(table), "x.json").result.proposal.why
        assert not any("incomplete" in sentence for sentence in why)
