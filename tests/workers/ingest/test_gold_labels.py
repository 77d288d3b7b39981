"""Labels that several annotators agreed on, and labels that say which of two answers is better."""

import json
from collections.abc import Callable
from typing import Any

import pytest

KINDS = ["entailment", "neutral", "contradiction"]


def made(row: Callable[[int], dict[str, Any]], count: int = 90) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def pair(n: int) -> dict[str, str]:
    return {
        "sentence1": f"A man repairs bicycle {n} in the street.",
        "sentence2": f"A person {n} is outside.",
    }


def agreed(n: int) -> str:
    return "-" if n % 10 == 0 else KINDS[n % 3]


@pytest.mark.parametrize(
    "beside",
    [
        lambda n: {},
        lambda n: {"label": KINDS[n % 3]},
        lambda n: {"label": n % 3, "genre": ["fiction", "travel"][n % 2]},
        lambda n: {f"label{k}": KINDS[(n + k) % 3] for k in range(1, 6)},
        lambda n: {"sentence1_parse": f"(ROOT (S (NP a man {n})))", "annotator_labels": [KINDS[n % 3]]},
    ],
)
@pytest.mark.parametrize("name", ["gold_label", "goldLabel"])
def test_the_agreed_label_is_learned(import_file, freeze_rows, beside: Any, name: str) -> None:
    file = made(lambda n: {**beside(n), name: agreed(n), **pair(n)})
    proposal = import_file(file, "x.jsonl").result.proposal
    learned = {column: role for column, role in proposal.roles.items() if role != "ignore"}
    assert learned == {name: "label", "sentence1": "input", "sentence2": "context"}
    assert proposal.warnings == [
        f"Rows with “-” instead of a label in “{name}”: 9 of 90. These rows are rejected."
    ]
    frozen = freeze_rows(file, "classification", proposal.roles, name="x.jsonl")
    assert set(frozen.result.labels) == set(KINDS)
    assert frozen.reasons == {"The label “…” means that the row has no label": 9}


@pytest.mark.parametrize(
    ("labels", "is_named"), [((-1, 0, 1, 2), True), ((-1, 0, 1), False), ((-2, -1, 0, 1), False)]
)
def test_a_number_below_the_others_is_named(import_file, labels: tuple[int, ...], is_named: bool) -> None:
    file = made(lambda n: {**pair(n), "label": labels[n % len(labels)]})
    warnings = import_file(file, "x.jsonl").result.proposal.warnings
    named = ["“-1” in “label” is used as a label. If it means “no label”, empty these cells."]
    assert warnings == (named if is_named else [])


@pytest.mark.parametrize("name", ["labels", "label"])
@pytest.mark.parametrize("sides", [(0, 1), ("A", "B"), (1, 2), ("a", "b", "tie")])
@pytest.mark.parametrize(
    ("asked", "answers"),
    [("history", ("human_ref_A", "human_ref_B")), ("prompt", ("response_a", "response_b")), ("question", ("output_1", "output_2"))],
)  # fmt: skip
def test_a_label_of_two_answers_is_preference_data(
    import_file, name: str, sides: tuple[object, ...], asked: str, answers: tuple[str, str]
) -> None:
    said = [f"Ask desk {side} about it." for side in answers]
    file = made(
        lambda n: {asked: f"Where is parcel {n}?", **{a: f"{s} {n}" for a, s in zip(answers, said, strict=True)}, name: sides[n % len(sides)]}
    )  # fmt: skip
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.task_type is None
    assert (
        f"“{answers[0]}”, “{answers[1]}” contain answers to the same input, and “{name}” marks"
        in proposal.why[0]
    )


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        (("sentence_a", "sentence_b"), (0, 1)),
        (("question1", "question2"), (0, 1)),
        (("text_a", "text_b"), ("A", "B")),
    ],
)
def test_labels_of_two_texts_are_learned(
    import_file, columns: tuple[str, str], labels: tuple[object, ...]
) -> None:
    file = made(lambda n: {**{c: f"Parcel {n} of {c} is late." for c in columns}, "label": labels[n % 2]})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert (proposal.task_type, proposal.roles["label"]) == ("classification", "label")
