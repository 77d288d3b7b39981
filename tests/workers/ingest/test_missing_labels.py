"""Cells and labels that say that there is none."""

import pytest

ROLES = {"text": "input", "label": "label"}


def table(labels: list[str], count: int = 60) -> str:
    rows = [f"My parcel number {n} is late,{labels[n % len(labels)]}\n" for n in range(count)]
    return "text,label\n" + "".join(rows)


@pytest.mark.parametrize(
    "none", ["N/A", "nan", "NaN", "null", "NULL", "#N/A", "-", "?", "—", "<NA>", "n.a.", "未标注"]
)
def test_a_missing_label_is_no_class(import_file, freeze_rows, none: str) -> None:
    file = table(["late", "broken", none, "paid"])
    proposal = import_file(file).result.proposal
    assert (proposal.roles, proposal.warnings) == (
        ROLES,
        [f"Rows with “{none}” instead of a label in “label”: 15 of 60. These rows are rejected."],
    )
    frozen = freeze_rows(file, "classification", ROLES)
    assert frozen.result.labels == {"broken": 15, "late": 15, "paid": 15}
    assert frozen.reasons == {"The label “…” means that the row has no label": 15}


@pytest.mark.parametrize(
    "labels", [["+", "-", "0"], [".", "?", "!"], ["yes", "-"], ["spam", "null"], ["other", "unknown", "no"]]
)
def test_signs_and_words_that_are_labels_stay(import_file, freeze_rows, labels: list[str]) -> None:
    file = table(labels)
    assert import_file(file).result.proposal.warnings == []
    assert set(freeze_rows(file, "classification", ROLES).result.labels) == set(labels)


@pytest.mark.parametrize("doubtful", ["none", "None", "NA"])
def test_a_doubtful_label_is_named(import_file, freeze_rows, doubtful: str) -> None:
    file = table(["joy", "anger", doubtful])
    assert import_file(file).result.proposal.warnings == [
        f"“{doubtful}” in “label” is used as a label. If it means “no label”, empty these cells."
    ]
    assert len(freeze_rows(file, "classification", ROLES).result.labels) == 3


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_backslash_n_is_an_empty_cell(freeze_rows, delimiter: str) -> None:
    lines = [delimiter.join((f"Where is {n}?", f"In {n}." if n % 3 else r"\N")) for n in range(60)]
    file = "\n".join([delimiter.join(("question", "answer")), *lines])
    frozen = freeze_rows(file, "chat", {"question": "input", "answer": "target"})
    assert frozen.reasons == {"The target (column “answer”) is empty": 20}


@pytest.mark.parametrize(
    "labels",
    [
        ["null", "alternative", "both"],
        ["undefined", "defined", "both"],
        ["nil", "one", "two"],
        ["null", "string", "number"],
    ],
)
def test_words_that_pair_with_others_are_labels(import_file, freeze_rows, labels: list[str]) -> None:
    file = table(labels)
    assert import_file(file).result.proposal.warnings == [
        f"“{labels[0]}” in “label” is used as a label. If it means “no label”, empty these cells."
    ]
    assert set(freeze_rows(file, "classification", ROLES).result.labels) == set(labels)
