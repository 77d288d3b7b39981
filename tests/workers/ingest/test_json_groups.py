"""JSON whose rows are grouped: texts under their labels, tables with their header apart, rows in lists of items, exports."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.contracts.roles import Role

LABELS = ("late", "paid", "lost")
TEXTS = [f"Parcel {n} to desk {n % 7} is {LABELS[n % 3]} again" for n in range(30)]
ROWS = [{"text": text, "label": LABELS[n % 3]} for n, text in enumerate(TEXTS)]
PAIRS = [{"question": f"Where is parcel {n}?", "answer": f"At desk {n}."} for n in range(30)]
LISTS = [[row["text"], row["label"]] for row in ROWS]


def labelled(rows: list[dict[str, Any]], text: str = "text", label: str = "label") -> set[tuple[str, str]]:
    return {(row[text], row[label]) for row in rows}


EXPECTED = labelled(ROWS)


def of(label: str, most: int = 99) -> list[str]:
    return [row["text"] for row in ROWS if row["label"] == label][:most]


SHAPES: dict[str, Any] = {
    "texts under labels": {label: of(label) for label in LABELS},
    "columns and rows": {"columns": ["text", "label"], "rows": LISTS},
    "rows and columns": {"rows": LISTS, "columns": ["text", "label"]},
    "header and values": {"header": ["text", "label"], "values": LISTS},
    "fields and data": {"fields": [{"name": "text", "type": "string"}, {"name": "label"}], "data": LISTS},
    "a result of SQL": {"results": [{"columns": ["text", "label"], "values": LISTS}]},
    "items by number": {"version": "1", "items": {str(n): row for n, row in enumerate(ROWS)}},
    "items by name": {"version": 1, "data": {f"doc_{n}": row for n, row in enumerate(ROWS)}},
    "GraphQL": {"data": {"tickets": {"edges": [{"cursor": "x", "node": row} for row in ROWS]}}},
    "texts of JSON": [json.dumps(row) for row in ROWS],
    "examples of intents": [{"label": label, "examples": of(label)} for label in LABELS],
    "items of categories": {"groups": [{"name": label, "tickets": [{"text": text, "label": label} for text in of(label)]} for label in LABELS]},
    "Argilla 1": [{"inputs": {"text": row["text"]}, "annotation": row["label"], "status": "Validated"} for row in ROWS],
    "Argilla 2": [{"fields": {"text": row["text"]}, "responses": {"label": [{"value": row["label"], "status": "submitted"}]}} for row in ROWS],
    "Vertex": [{"textContent": row["text"], "classificationAnnotation": {"displayName": row["label"]}} for row in ROWS],
    "Kili": [{"content": row["text"], "jsonResponse": {"JOB_0": {"categories": [{"name": row["label"], "confidence": 100}]}}} for row in ROWS],
    "Prodigy": [{"text": row["text"], "options": [{"id": n, "text": label} for n, label in enumerate(LABELS)], "accept": [LABELS.index(row["label"])], "answer": "accept"} for row in ROWS],
    "Labelbox": [
        {"data_row": {"row_data": row["text"]}, "projects": {"p": {"labels": [{"annotations": {"classifications": [{"name": "label", "radio_answer": {"name": row["label"]}}]}}]}}}
        for row in ROWS
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ["Vertex", "Kili", "Prodigy"])
def test_a_record_of_an_annotation_tool_keeps_its_marks(import_file, name: str) -> None:
    records = [{**record, "is_correct": n % 3 > 0} for n, record in enumerate(SHAPES[name])]
    roles = import_file(json.dumps(records), "x.json").result.proposal.roles
    assert (roles["text"], roles["label"], roles["is_correct"]) == (Role.INPUT, Role.LABEL, Role.QUALITY)


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("is_correct", [True, False], Role.QUALITY),
        ("feedback", [{"correctness": 1}, {"correctness": 0}], Role.QUALITY),
        ("split", ["train", "train", "train", "test"], Role.SPLIT),
        ("created_at", ["2025-01-01T00:00:00Z"], Role.IGNORE),
    ],
)
def test_a_record_of_inputs_and_outputs_keeps_its_other_fields(import_file, name, values, role) -> None:
    records = [
        {
            "inputs": {"question": f"How do I renew the card number {n}?"},
            "outputs": {"answer": f"Bring the card {n} and an identity document to the desk."},
            name: values[n % len(values)],
        }
        for n in range(40)
    ]
    proposal = import_file(json.dumps(records), "x.json").result.proposal
    assert proposal.task_type == "chat"
    assert proposal.roles == {"question": Role.INPUT, "answer": Role.TARGET, name: role}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_texts_and_their_labels(import_file, shape: Any, indent: int | None) -> None:
    imported = import_file(json.dumps(shape, indent=indent), "x.json")
    assert labelled(imported.rows) == EXPECTED
    assert imported.result.rows == len(ROWS)
    assert imported.result.rejected == 0
    assert imported.result.proposal.task_type == "classification"


@pytest.mark.parametrize("sizes", [(10, 10, 10), (10, 4, 7), (10, 10, 1)])
def test_lists_of_any_length_under_labels(import_file, sizes: tuple[int, ...]) -> None:
    held = {label: of(label, size) for label, size in zip(LABELS, sizes, strict=True)}
    imported = import_file(json.dumps(held), "x.json")
    assert imported.result.rows == sum(sizes)
    assert any("under their labels" in why for why in imported.result.proposal.why)


@pytest.mark.parametrize(
    "columns",
    [
        {"text": TEXTS, "label": [LABELS[n % 3] for n in range(30)]},
        {"en": TEXTS, "de": TEXTS[::-1], "fr": TEXTS},
        {"first": TEXTS, "second": TEXTS[::-1]},
        {"anfrage": TEXTS, "stadt": ["Graz", "Wien"] * 15, "zahl": [str(n) for n in range(30)]},
    ],
    ids=lambda columns: " ".join(columns),
)
def test_columns_stay_columns(import_file, columns: dict[str, list[str]]) -> None:
    imported = import_file(json.dumps(columns), "x.json")
    assert [column.name for column in imported.result.columns] == list(columns)
    assert imported.result.rows == 30


@pytest.mark.parametrize("name", ["faqs", "questions", "qa_pairs", "items"])
@pytest.mark.parametrize("wrapped", [list, lambda groups: {"categories": groups}])
def test_questions_of_categories(import_file, name: str, wrapped: Callable[[list[Any]], Any]) -> None:
    groups = [{"category": f"c{n}", name: PAIRS[n * 10 : n * 10 + 10]} for n in range(3)]
    imported = import_file(json.dumps(wrapped(groups)), "x.json")
    assert labelled(imported.rows, "question", "answer") == labelled(PAIRS, "question", "answer")
    assert {row["category"] for row in imported.rows} == {"c0", "c1", "c2"}
    assert imported.result.proposal.task_type == "chat"


def test_examples_before_a_question_are_no_rows(import_file) -> None:
    shots = [{**pair, "examples": PAIRS[:2]} for pair in PAIRS]
    assert import_file(json.dumps(shots), "x.json").result.rows == 30


def test_answers_by_their_questions(import_file) -> None:
    held = {pair["question"]: pair["answer"] for pair in PAIRS}
    proposal = import_file(json.dumps(held), "x.json").result.proposal
    assert proposal.roles == {"question": "input", "answer": "target"}
    assert not any("lists without names" in why for why in proposal.why)


def test_a_discarded_record_is_not_learned(import_file, freeze_rows) -> None:
    records = [
        {"inputs": {"text": row["text"]}, "annotation": row["label"], "status": ["Validated", "Discarded"][n % 2]}
        for n, row in enumerate(ROWS * 2)
    ]  # fmt: skip
    frozen = freeze_rows(json.dumps(records[:60]), "classification", {"text": "input", "label": "label"}, name="x.json", min_rows=4)  # fmt: skip
    assert sum(frozen.result.labels.values()) == 15


@pytest.mark.parametrize("comment", ["// exported in 2024", "# exported, in 2024: [x"])
def test_comments_and_last_commas(import_file, comment: str) -> None:
    lines = [json.dumps(row)[:-1] + ", }" for row in ROWS]
    for text, name in (
        ("\n".join([comment, *lines]), "x.jsonl"),
        ("\n".join(["[", comment, ",\n".join(lines) + ",", comment, "]"]), "x.json"),
    ):
        imported = import_file(text, name)
        assert labelled(imported.rows) == EXPECTED
        assert imported.result.rejected == 0
        assert imported.result.comments > 0


def test_a_comma_inside_a_text_stays(import_file) -> None:
    line = '{"text": "a, ], b,}", "label": "x",}'
    assert import_file("\n".join([line] * 3), "x.jsonl").rows[0]["text"] == "a, ], b,}"


def test_what_only_looks_like_a_record_of_argilla_stays(import_file) -> None:
    rows = [
        {"inputs": row["text"], "annotation": row["label"], "targets": f"Say {n}"}
        for n, row in enumerate(ROWS)
    ]
    assert set(import_file(json.dumps(rows), "x.json").rows[0]) >= {"inputs", "annotation", "targets"}
    rows = [{**row, "status": "Validated"} for row in rows]
    assert import_file(json.dumps(rows), "x.json").rows[0]["targets"] == "Say 0"


@pytest.mark.parametrize("annotations", [[1], {"classifications": ["a"]}, {"classifications": 3}, None])
def test_odd_annotations_of_labelbox(import_file, annotations: Any) -> None:
    rows = [
        {"data_row": {"row_data": text}, "projects": {"p": {"labels": [{"annotations": annotations}]}}}
        for text in TEXTS
    ]
    assert [row["text"] for row in import_file(json.dumps(rows), "x.json").rows] == TEXTS


def test_several_ways_to_ask_for_one_answer(import_file) -> None:
    file = json.dumps(
        {
            "qnaDocuments": [
                {
                    "id": n,
                    "questions": [f"Where is {n}?", f"Is {n} here?"],
                    "answer": f"At {n}.",
                    "metadata": [],
                }
                for n in range(15)
            ]
        }
    )
    imported = import_file(file, "x.json")
    assert imported.result.rows == 30
    assert labelled(imported.rows, "question", "answer") == {
        (ask.format(n), f"At {n}.") for n in range(15) for ask in ("Where is {}?", "Is {} here?")
    }
    assert imported.result.proposal.roles["answer"] == "target"


def test_a_page_of_questions(import_file) -> None:
    page = {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": pair["question"],
                "acceptedAnswer": {"@type": "Answer", "text": pair["answer"]},
            }
            for pair in PAIRS
        ],
    }
    assert labelled(import_file(json.dumps(page), "x.json").rows, "question", "answer") == labelled(
        PAIRS, "question", "answer"
    )


def test_two_answers_with_a_score_each_are_preference_data(import_file) -> None:
    rows = [
        {
            "question": {"full_text": pair["question"]},
            "answer_0": pair["answer"],
            "answer_1": "No.",
            "score_0": 0.5 - n % 2,
            "score_1": n % 2 - 0.5,
        }
        for n, pair in enumerate(PAIRS)
    ]
    proposal = import_file(json.dumps(rows), "x.json").result.proposal
    assert proposal.task_type is None
    assert "This is preference data" in proposal.why[-1]


def test_a_text_with_marked_parts_is_no_question(import_file) -> None:
    rows = [
        {"text": text, "spans": [{"start": 0, "end": 6, "label": "ITEM"}], "answer": "accept"}
        for text in TEXTS
    ]
    proposal = import_file(json.dumps(rows), "x.json").result.proposal
    assert proposal.task_type is None
    assert "annotates spans of “text”" in proposal.why[-1]
