"""Labels with marks, in lists of zeros and ones, and in a column each; and labels that cannot be told apart."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from workers.ingest.reshaping import label_marks

LABELS = ["late", "paid", "broken"]


def text(n: int) -> str:
    return f"Parcel {n} to Lyon makes trouble for an unknown reason."


def lines(row: Callable[[int], Any], count: int = 60) -> str:
    return "\n".join(json.dumps(row(n)) for n in range(count))


MARKED: list[tuple[str, str]] = [
    ("\n".join(f"__label__{LABELS[n % 3]} {text(n)}" for n in range(60)), "x.txt"),
    ("\n".join(f"{text(n)} __label__{LABELS[n % 3]}" for n in range(60)), "x.txt"),
    ("\n".join(f"{text(n)}\t__label__{LABELS[n % 3]}" for n in range(60)), "x.txt"),
    ("".join(f"__label__{LABELS[n % 3]} , {text(n).replace(',', '')}\n" for n in range(60)), "x.csv"),
    ("".join(f'__label__{LABELS[n % 3]},"{text(n)}"\n' for n in range(60)), "x.csv"),
    (lines(lambda n: {"text": text(n), "label": f"__label__{LABELS[n % 3]}"}), "x.jsonl"),
    (lines(lambda n: {"sentence": text(n), "y": f"__label__{LABELS[n % 3]}"}), "x.jsonl"),
]


@pytest.mark.parametrize(("content", "name"), MARKED)
def test_labels_lose_the_mark_of_fasttext(import_file, freeze_rows, content: str, name: str) -> None:
    proposal = import_file(content, name).result.proposal
    assert proposal.task_type == "classification"
    frozen = freeze_rows(content, "classification", proposal.roles, name=name)
    assert frozen.result.labels == {label: 20 for label in LABELS}
    assert not any("__label__" in row["prompt"][0]["content"] for row in frozen.rows)


@pytest.mark.parametrize(
    "marks", [["DESC:def", "NUM:date", "HUM:ind"], ["ENTY:cremat", "LOC:city", "ABBR:exp"]]
)
def test_trec_has_its_label_before_the_question(import_file, freeze_rows, marks: list[str]) -> None:
    content = "\n".join(f"{marks[n % 3]} What is meant by number {n} ?" for n in range(60))
    roles = import_file(content, "train.label").result.proposal.roles
    assert roles == {"text": "input", "label": "label"}
    frozen = freeze_rows(content, "classification", roles, name="train.label")
    assert sorted(frozen.result.labels) == sorted(marks)


@pytest.mark.parametrize(
    "line", ["NOTE: it rained on day {n}, and then it did not.", "Ann: I saw {n} of them.", "HTTP:80 {n}"]
)
def test_other_words_before_a_colon_are_no_label(import_file, line: str) -> None:
    columns = import_file("\n".join(line.format(n=n) for n in range(60)), "x.txt").result.columns
    assert [column.name for column in columns] == ["text"]


@pytest.mark.parametrize("kind", [int, float, bool])
@pytest.mark.parametrize("name", ["label", "labels", "target"])
def test_a_one_hot_list_is_one_label(import_file, freeze_rows, name: str, kind: Callable[[Any], Any]) -> None:
    content = lines(lambda n: {"text": text(n), name: [kind(n % 3 == place) for place in range(3)]})
    proposal = import_file(content, "x.jsonl").result.proposal
    assert proposal.warnings == []
    frozen = freeze_rows(content, "classification", proposal.roles, name="x.jsonl")
    assert frozen.result.labels == {"0": 20, "1": 20, "2": 20}


def test_a_list_with_several_ones_has_several_labels(import_file) -> None:
    content = lines(
        lambda n: {"text": text(n), "labels": [int(n % 3 == place or n % 2 == place) for place in range(3)]}
    )
    proposal = import_file(content, "x.jsonl").result.proposal
    assert any("several labels" in sentence for sentence in [*proposal.warnings, *proposal.why])


def test_one_column_for_each_label_becomes_one_column(import_file, freeze_rows) -> None:
    content = lines(lambda n: {"text": text(n), **{label: int(LABELS[n % 3] == label) for label in LABELS}})
    proposal = import_file(content, "x.jsonl").result.proposal
    assert proposal.roles == {"text": "input", "label": "label"}
    assert freeze_rows(content, "classification", proposal.roles, name="x.jsonl").result.labels == {
        label: 20 for label in LABELS
    }


@pytest.mark.parametrize(
    "flags",
    [
        {"is_train": 0, "is_valid": 1, "is_test": 2},
        {"late": 0, "paid": 1, "broken": 1},
        {"late": 0, "paid": 1},
    ],
)
def test_other_columns_of_noughts_and_ones_stay(import_file, flags: dict[str, int]) -> None:
    content = lines(
        lambda n: {"text": text(n), **{name: int(n % 3 == place) for name, place in flags.items()}}
    )
    assert [column.name for column in import_file(content, "x.jsonl").result.columns] == ["text", *flags]


@pytest.mark.parametrize(
    "label",
    [
        lambda n: "late" if n == 7 else "paid",
        lambda n: "Late" if n == 7 else "PAID" if n % 2 else "paid",
        lambda n: "paid" if n % 2 else ["late", "paid"],
        lambda n: "paid" if n % 2 else {"choices": ["late", "paid"]},
    ],
)
def test_what_a_version_would_refuse_is_not_proposed(import_file, label: Callable[[int], Any]) -> None:
    proposal = import_file(lines(lambda n: {"text": text(n), "label": label(n)}), "x.jsonl").result.proposal
    assert proposal.task_type is None
    assert proposal.why[-1].startswith("Fewer than two labels in “label” have at least two rows each")


@pytest.mark.parametrize("content", [None, ""])
def test_a_refusal_is_an_answer(import_file, freeze_rows, content: str | None) -> None:
    def talk(n: int) -> dict[str, Any]:
        said = (
            {"content": content, "refusal": f"I cannot help with {n}."}
            if n % 2
            else {"content": text(n), "refusal": None}
        )
        return {
            "messages": [{"role": "user", "content": f"Where is parcel {n}?"}, {"role": "assistant", **said}]
        }

    proposal = import_file(lines(talk), "x.jsonl").result.proposal
    assert "The assistant's refusals are used for training as well." in proposal.why
    frozen = freeze_rows(lines(talk), "chat", proposal.roles, name="x.jsonl")
    assert (len(frozen.rows), frozen.result.rejected) == (60, 0)
    assert "I cannot help with 3." in {row["target"] for row in frozen.rows}


@pytest.mark.parametrize("form", ["[{}]", "[{}.]"])
def test_a_one_hot_list_as_numpy_prints_it(import_file, freeze_rows, form: str) -> None:
    dot = "." if "." in form else ""
    rows = [
        f"{text(n).replace(',', '')},{form.format((dot + ' ').join(str(int(n % 3 == place)) for place in range(3)))}"
        for n in range(60)
    ]
    content = "\n".join(["text,label", *rows])
    proposal = import_file(content).result.proposal
    assert freeze_rows(content, "classification", proposal.roles).result.labels == {"0": 20, "1": 20, "2": 20}


def test_two_columns_that_exclude_each_other_become_one(import_file) -> None:
    content = lines(lambda n: {"text": text(n), "spam": n % 2, "ham": 1 - n % 2})
    assert import_file(content, "x.jsonl").result.proposal.roles == {"text": "input", "label": "label"}


@pytest.mark.parametrize(
    "flags",
    [
        ("in_train", "in_test"),
        ("use_for_training", "holdout"),
        ("is_good", "is_bad"),
        ("label", "clean"),
        ("valid", "invalid"),
    ],
)
def test_flags_of_splits_and_of_good_rows_are_no_labels(import_file, flags: tuple[str, str]) -> None:
    content = lines(lambda n: {"text": text(n), flags[0]: int(n % 3 > 0), flags[1]: int(n % 3 == 0)})
    assert [column.name for column in import_file(content, "x.jsonl").result.columns] == ["text", *flags]


@pytest.mark.parametrize("between", [" ", ",", ", "])
def test_many_marked_labels_in_one_line_are_read_in_one_way(between: str) -> None:
    marks = between.join(["__label__a"] * 40)
    read = partial(label_marks._split, parts=label_marks._of_fasttext)
    assert read(f"{text(1)} {marks}")["text"] == text(1)
    assert read(f"{marks} {text(1)}")["text"] == text(1)
    assert read(f"x {marks} y") == {"text": f"x {marks} y", "label": None}


def test_judgments_of_each_step_are_no_labels(import_file) -> None:
    content = lines(
        lambda n: {
            "prompt": f"What is {n} + 1?",
            "completions": [f"Count to {n}.", f"It is {n + n % 2}."],
            "labels": [True, n % 2 == 1],
        }
    )
    proposal = import_file(content, "x.jsonl").result.proposal
    assert not any("noughts and ones" in sentence for sentence in proposal.why)
    assert proposal.roles["labels"] == "ignore"


def test_marked_labels_stand_beside_marked_turns(import_file) -> None:
    content = lines(
        lambda n: {
            "label": f"__label__{LABELS[n % 3]}",
            "text": f"User: Where is parcel {n}?\nAssistant: In Lyon, row {n}.",
        }
    )
    imported = import_file(content, "x.jsonl")
    assert {row["label"] for row in imported.rows} == set(LABELS)
    assert len(imported.result.proposal.why) > 1
