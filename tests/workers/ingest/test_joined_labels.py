"""Labels that a word joins, and yes and no in several ways to write them."""

import pytest

from workers.ingest.labels import combinations_of, doubtful_combination, merged_spellings

ROLES = {"text": "input", "label": "label"}


def table(labels: list[str], each: int = 12) -> str:
    rows = [
        f'This comment number {n} is about parcels,"{labels[n % len(labels)]}"'
        for n in range(each * len(labels))
    ]
    return "\n".join(["text,label", *rows])


@pytest.mark.parametrize(
    ("alone", "joined"),
    [
        (["toxic", "insult", "threat"], ["toxic and insult", "insult and threat"]),
        (["toxic", "insult", "threat"], ["toxic, insult and threat", "Toxic And Insult"]),
        (["toxic", "insult", "threat"], ["toxic, insult, and threat", "insult & threat"]),
        (["Lob", "Kritik", "Frage"], ["Lob und Kritik", "Kritik und Frage"]),
        (["éloge", "critique", "question"], ["éloge et critique", "critique et question"]),
        (["表扬", "批评", "提问"], ["表扬和批评", "批评和提问"]),
    ],
)
def test_several_labels_that_a_word_joins(
    import_file, freeze_rows, alone: list[str], joined: list[str]
) -> None:
    file = table([*alone, *joined])
    warnings = import_file(file).result.proposal.warnings
    assert warnings[0].startswith("Rows with several labels in “label”")
    frozen = freeze_rows(file, "classification", ROLES)
    assert set(frozen.result.labels) == set(alone)
    assert frozen.reasons == {"The row has several labels, and only one per row is supported": 24}


@pytest.mark.parametrize(
    "labels",
    [["toxic", "insult", "toxic and insult"], ["Sales", "Marketing", "Support", "Sales and Marketing"]],
)
def test_one_combination_is_learned_and_named(import_file, freeze_rows, labels: list[str]) -> None:
    file = table(labels)
    assert import_file(file).result.proposal.warnings == [
        f"“{labels[-1]}” in “label” combines other labels, and is used as a separate label. If it means several labels, keep only the most important one in each row."
    ]
    assert set(freeze_rows(file, "classification", ROLES).result.labels) == set(labels)


@pytest.mark.parametrize(
    "labels",
    [
        ["research and development", "sales", "support"],
        ["food and drink", "arts and crafts", "sports"],
        ["rock and roll", "rock", "jazz"],
        ["和平", "温和", "战争"],
        ["Bosnia and Herzegovina", "Trinidad and Tobago", "Bosnia"],
    ],
)
def test_a_label_with_a_word_for_and_stays_one(labels: list[str]) -> None:
    counts = dict.fromkeys(labels, 12)
    assert combinations_of(counts) == {}
    assert doubtful_combination(counts) is None


@pytest.mark.parametrize(
    "labels",
    [
        ["yes", "no", "Y", "N"],
        ["yes", "no", "Y", "N", "True", "False", "1", "0"],
        ["TRUE", "FALSE", "1", "0"],
        ["ja", "nein", "1", "0"],
        ["是", "否", "yes", "no"],
        ["Yes", "No", "1.0", "0.0"],
    ],
)
def test_yes_and_no_are_one_label_each(import_file, freeze_rows, labels: list[str]) -> None:
    file = table(labels)
    proposal = import_file(file).result.proposal
    assert proposal.case_variants
    assert "All spellings of a label are treated as the same label." in proposal.warnings[0]
    frozen = freeze_rows(file, "classification", ROLES)
    assert sorted(frozen.result.labels.values()) == [6 * len(labels)] * 2
    says_yes = {row["target"] for row in frozen.rows if (row["line"] - 2) % 2 == 0}
    assert len(says_yes) == 1
    apart = freeze_rows(file, "classification", ROLES, merge_label_case=False)
    assert len(apart.result.labels) == len(labels)


@pytest.mark.parametrize(
    "labels",
    [
        ["yes", "no"],
        ["1", "0", "n"],
        ["yes", "no", "1"],
        ["yes", "no", "true", "false", "maybe"],
        ["y", "n", "x"],
        ["1", "0", "2", "yes", "no"],
        ["yes", "true"],
    ],
)
def test_words_that_may_say_more_than_yes_stay_apart(labels: list[str]) -> None:
    assert merged_spellings(dict.fromkeys(labels, 12)) == []
