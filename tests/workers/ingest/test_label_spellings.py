"""Spellings that people take for one label are one class, and are named; what only looks alike to a program stays apart."""

import csv
import io
from collections import Counter
from itertools import permutations

import pytest

from workers.ingest.label_spellings import loose_key
from workers.ingest.labels import combinations_of, merged_spellings

ROLES = {"text": "input", "label": "label"}


def table(labels: list[str], each: int = 12) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["text", "label"])
    for n in range(each * len(labels)):
        writer.writerow([f"A text number {n} of these", labels[n % len(labels)]])
    return stream.getvalue()


ONE_LABEL = [
    ["1", "1.0", "+1", "1.", "1,0", "01"],
    ["0", "0.0", "-0", "0,0", "00"],
    ["not_urgent", "not-urgent", "not urgent", "Not Urgent", "NOT_URGENT", "not–urgent"],
    ["no", "no.", "No", "no ;", "NO:"],
    ["urgent", '"urgent"', "'urgent'", "“urgent”", "«urgent»", "「urgent」"],
    ["❤", "❤️"],
    ["λόγος", "ΛΟΓΟΣ", "ΛΌΓΟΣ", "λογος"],
    ["iade", "İade", "IADE", "İADE"],
    ["açık", "AÇIK", "Açık"],
    ["paid", "p\u0430id", "\u0420aid", "P\u0410ID"],
    ["да", "Да.", "ДА"],
    ["是", "是。"],
    ["Straße", "STRASSE", "straße"],
    ["late delivery", "Late\ndelivery"],
]


@pytest.mark.parametrize("spellings", ONE_LABEL, ids=lambda names: names[0])
def test_spellings_are_one_class_and_named(import_file, freeze_rows, spellings: list[str]) -> None:
    text = table([*spellings, "another"])
    proposal = import_file(text).result.proposal
    assert proposal.task_type == "classification"
    assert any("are spelled in several ways" in said for said in proposal.warnings)
    frozen = freeze_rows(text, "classification", ROLES)
    assert len(frozen.result.labels) == 2
    assert sum(frozen.result.labels.values()) == 12 * (len(spellings) + 1)
    assert any("merged into one label" in said for said in frozen.result.warnings)
    shown = next(label for label in frozen.result.labels if label != "another")
    assert shown in {" ".join(name.split()) for name in spellings}
    assert {row["target"] for row in frozen.rows} == {shown, "another"}


@pytest.mark.parametrize(
    "labels",
    [
        ["C", "C++", "C#"],
        ["A+", "A", "A-"],
        ["-1", "0", "1"],
        ["10-20", "1020", "5-10"],
        ["B-PER", "I-PER", "PER"],
        ["schon", "schön"],
        ["si", "sí"],
        ["1", "1.5", "15"],
        ["?", ".", "!"],
        ["1a", "1b", "01c"],
        ["вор", "bop"],
        ["👍", "👎"],
    ],
    ids=" ".join,
)
def test_labels_that_differ_stay_apart(labels: list[str]) -> None:
    for order in permutations(labels):
        assert merged_spellings(dict.fromkeys(order, 5)) == []


def test_spellings_stay_apart_where_a_person_wants_so(import_file, freeze_rows) -> None:
    text = table(["not_urgent", "not urgent", "urgent", "Urgent", "1", "1.0"])
    assert import_file(text).result.proposal.case_variants
    frozen = freeze_rows(text, "classification", ROLES, merge_label_case=False)
    assert set(frozen.result.labels) == {"not_urgent", "not urgent", "urgent", "Urgent", "1"}
    assert not import_file(table(["1", "1.0", "2"])).result.proposal.case_variants


@pytest.mark.parametrize("separator", ["\n", "||", "|", " | ", ";", ";;", "；", " ; ", "<br>"])
def test_several_labels_in_one_cell_are_no_class(import_file, freeze_rows, separator: str) -> None:
    for labels in (["late", "paid", "lost"], ["late", "paid"]):
        several = separator.join(labels[:2])
        text = table([*labels, several])
        rows = 12 * (len(labels) + 1)
        warnings = import_file(text).result.proposal.warnings
        assert any("Rows with several labels" in said and f": 12 of {rows}." in said for said in warnings), (
            warnings
        )
        assert set(freeze_rows(text, "classification", ROLES).result.labels) == set(labels)


def test_one_label_that_stands_alone_shows_what_a_strong_separator_parts() -> None:
    assert combinations_of(Counter({"a": 5, "a|b": 5, "c": 5})) == {"a|b": ("a", "b")}
    assert combinations_of(Counter({"a": 5, "a, b": 5, "c": 5})) == {}
    assert combinations_of(Counter({"1": 5, "0": 5, "1,0": 5, "0,0": 5})) == {}


def test_a_column_whose_only_single_label_is_joined_elsewhere_is_not_proposed(import_file) -> None:
    proposal = import_file(table(["late", "late|paid"])).result.proposal
    assert proposal.task_type is None
    assert any("several" in said for said in proposal.why)


@pytest.mark.parametrize(
    "labels",
    [["1.1", "1.10"], ["2.10", "2.1"], ["100", "1E2"], ["1", "1,000"], ["1", "1.000"], ["3.5", "3,5"]],
)
def test_numbers_that_may_be_codes_stay_apart(labels: list[str]) -> None:
    assert len(set(map(loose_key, labels))) == 2
