"""JSON lines and JSON documents, whole and broken."""

import json

import pytest


def test_jsonl_keys_may_vary_and_arrive_late(import_file) -> None:
    lines = [json.dumps({"a": str(n)}) for n in range(6_000)] + ['{"b": 2.5, "c": true, "d": null}']
    imported = import_file("\n".join(lines), "x.jsonl")
    assert imported.result.rows == 6_001
    assert imported.rows[0] == {"__line": 1, "a": "0", "b": None, "c": None, "d": None}
    assert imported.rows[-1] == {"__line": 6_001, "a": None, "b": "2.5", "c": "true", "d": None}


def test_broken_lines_cost_themselves_only(import_file) -> None:
    imported = import_file('{"text": "a"}\n{"text": \n\n[1]\n"bare"\n{"text": "b"}\n', "x.jsonl")
    assert [(row["__line"], row["text"]) for row in imported.rows] == [(1, "a"), (5, "bare"), (6, "b")]
    assert [reject["line"] for reject in imported.rejected] == [2, 4]
    assert imported.rejected[0]["reason"].startswith("Not valid JSON")
    assert "a list, not an object" in imported.rejected[1]["reason"]


def test_python_dictionaries_with_single_quotes_are_understood(import_file) -> None:
    imported = import_file("{'text': \"it's\", 'n': None}\n{'text': 'b'}\n", "x.jsonl")
    assert [row["text"] for row in imported.rows] == ["it's", "b"]


def test_nested_values_become_json_and_messages_are_recognised(import_file) -> None:
    turns = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "Hi"}]
    lines = [json.dumps({"messages": turns, "tags": {"n": n}}, ensure_ascii=False) for n in range(3)]
    imported = import_file("\n".join(lines), "x.jsonl")
    assert json.loads(imported.rows[0]["messages"]) == turns
    assert imported.rows[1]["tags"] == '{"n": 1}'
    assert {column.name: column.is_messages for column in imported.result.columns} == {
        "messages": True,
        "tags": False,
    }


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "wrap", [lambda rows: rows, lambda rows: {"version": [1, "]"], "data": rows, "x": {}}]
)
def test_documents(import_file, indent: int | None, wrap) -> None:
    rows = [{"text": f'row {n} "[{{' + "x" * 500, "n": n} for n in range(2_000)]
    imported = import_file(json.dumps(wrap(rows), indent=indent), "x.json")
    assert [int(row["n"]) for row in imported.rows] == list(range(2_000))
    assert imported.result.rejected == 0


def test_a_short_document_on_one_line(import_file) -> None:
    imported = import_file('{"made": 1, "data": [{"text": "a"}, {"text": "b"}]}', "x.json")
    assert [row["text"] for row in imported.rows] == ["a", "b"]


def test_a_list_among_objects_is_a_reject(import_file) -> None:
    imported = import_file('{"text": "a"}\n' + '["b", "x"]\n' * 3, "x.jsonl")
    assert [reject["line"] for reject in imported.rejected] == [2, 3, 4]


def test_items_of_a_document_know_their_line(import_file) -> None:
    imported = import_file('[\n {"text": "a"},\n {"text":\n  "b"},\n {"text": "c"}\n]\n', "x.json")
    assert [row["__line"] for row in imported.rows] == [2, 3, 5]


def test_items_of_a_one_line_document_are_numbered(import_file) -> None:
    assert [row["__line"] for row in import_file('[{"a": "x"}, {"a": "y"}]', "x.json").rows] == [1, 2]


def test_a_broken_item_costs_itself_only(import_file) -> None:
    text = '[\n{"text": "a"},\n{"text": "b" "oops": [1, "]"]},\n{"text": "c"}\n]'
    imported = import_file(text, "x.json")
    assert [row["text"] for row in imported.rows] == ["a", "c"]
    assert [reject["line"] for reject in imported.rejected] == [3]


def test_a_truncated_document_keeps_what_is_whole(import_file) -> None:
    imported = import_file('[\n{"text": "a"},\n{"text": "b"},\n{"text": "c', "x.json")
    assert [row["text"] for row in imported.rows] == ["a", "b"]
    assert [reject["line"] for reject in imported.rejected] == [4]


def test_objects_one_after_another(import_file) -> None:
    text = "\n".join(json.dumps({"text": str(n)}, indent=1) for n in range(5))
    assert [row["text"] for row in import_file(text, "x.json").rows] == list("01234")


@pytest.mark.parametrize("indent", [None, 1])
def test_an_oversized_item_is_skipped(import_file, indent: int | None) -> None:
    rows = [{"text": "a"}, {"text": '\\"]' * 300_000}, {"text": "c"}]
    imported = import_file(json.dumps(rows, indent=indent), "x.json", max_cell_bytes=1_000)
    assert [row["text"] for row in imported.rows] == ["a", "c"]
    assert imported.result.rejected == 1


def test_deep_nesting_is_a_reject(import_file) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    imported = import_file('{"text": "a"}\n{"text": ' + deep + "}\n", "x.jsonl")
    assert imported.rejected[0]["reason"] == "The JSON is nested too deeply"


def test_a_lone_surrogate_is_a_reject(import_file) -> None:
    imported = import_file('{"text": "a"}\n{"text": "\\ud800"}\n{"\\udc00": "b"}\n', "x.jsonl")
    assert [reject["line"] for reject in imported.rejected] == [2, 3]


def test_nan_is_empty(import_file) -> None:
    assert import_file('{"a": "x", "b": NaN}\n', "x.jsonl").rows[0]["b"] is None
