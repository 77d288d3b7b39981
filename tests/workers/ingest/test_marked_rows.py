"""What a file marks as bad is not learned, wherever the mark stands, and the page says how much was left out for it."""

import json
from typing import Any

import pytest

from workers.ingest.conversations import normalized

WEIGHT_NOTE = "rows have the weight 0 in the file and were rejected. Other weights are ignored."


def made(row: Any, count: int = 40) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def talk(n: int) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": f"Where is order {n}?"},
        {"role": "assistant", "content": f"In shop {n}."},
    ]


@pytest.mark.parametrize("name", ["weight", "sample_weight", "Gewicht", "权重", "meta.weight"])
@pytest.mark.parametrize("zero", [0, 0.0, "0", False])
@pytest.mark.parametrize(
    ("row", "task", "roles"),
    [
        (lambda n: {"messages": talk(n)}, "chat", {"messages": "messages"}),
        (
            lambda n: {"text": f"The kettle {n} is late", "label": "ab"[n // 2 % 2]},
            "classification",
            {"text": "input", "label": "label"},
        ),
        (lambda n: {"text": f"Once there were {n} foxes"}, "generation", {"text": "target"}),
    ],
)
def test_rows_of_weight_0_are_not_learned(freeze_rows, name: str, zero: Any, row: Any, task, roles) -> None:
    text = made(lambda n: {**row(n), name: zero if n % 4 == 0 else 0.5 + n % 2})
    frozen = freeze_rows(text, task, roles, name="x.jsonl", min_rows=1)
    assert {line["line"] % 4 for line in frozen.rows} == {0, 2, 3}  # lines count from 1
    assert f"10 {WEIGHT_NOTE}" in frozen.result.warnings
    assert sum(frozen.reasons.values()) == 10


def test_weights_above_0_are_not_followed_and_that_is_said(import_file, freeze_rows) -> None:
    text = made(lambda n: {"messages": talk(n), "weight": 0.1 + n})
    meaning = import_file(text, "x.jsonl").result.proposal.meanings["weight"]
    assert meaning == "row weights: rows with the weight 0 are rejected, other weights are ignored"
    frozen = freeze_rows(text, "chat", {"messages": "messages"}, name="x.jsonl")
    assert (len(frozen.rows), frozen.reasons) == (40, {})


def test_a_column_that_a_person_uses_is_no_weight(freeze_rows) -> None:
    text = made(lambda n: {"text": f"The kettle {n} is late", "weight": n % 2})
    frozen = freeze_rows(text, "classification", {"text": "input", "weight": "label"}, name="x.jsonl")
    assert frozen.result.labels == {"0": 20, "1": 20}


@pytest.mark.parametrize(
    "flags",
    [
        {"weight": 1, "train": False},
        {"train": False, "weight": 1},
        {"weight": 0, "train": True},
        {"loss": True, "trainable": "false"},
        {"weight": None, "learn": 0},
    ],
)
def test_one_flag_that_says_no_is_enough(flags: dict[str, Any]) -> None:
    turns = [*talk(1), *talk(2)]
    turns[1] |= flags
    assert [message.get("learned", True) for message in normalized(turns)] == [True, False, True, True]


@pytest.mark.parametrize(
    ("good", "bad", "role"),
    [(True, False, "feedback"), ("好", "差", "quality"), ("thumbs_up", "thumbs_down", "quality")],
)
def test_one_bad_mark_among_thousands_is_found(import_file, good: Any, bad: Any, role: str) -> None:
    """A boolean next to completions is feedback, from whose bad rows KTO alone learns."""
    text = made(
        lambda n: {
            "prompt": f"Where is {n}?",
            "completion": f"In {n}.",
            "label": bad if n == 3_000 else good,
        },
        30_000,
    )
    assert import_file(text, "x.jsonl").result.proposal.roles["label"] == role


def test_a_bad_mark_in_another_spelling_is_found(import_file) -> None:
    text = made(
        lambda n: {
            "prompt": f"Where is {n}?",
            "completion": f"In {n}.",
            "good": ["true", "True", "False"][n % 3],
        }
    )
    assert import_file(text, "x.jsonl").result.proposal.roles["good"] == "quality"


def test_the_weight_of_a_turn_in_a_row_of_its_own_is_kept(freeze_rows) -> None:
    rows = [
        {"conversation_id": f"c{n}", "turn": turn, "role": ["user", "assistant"][turn % 2],
         "content": f"Turn {turn} of talk {n}", "weight": 0 if turn == 1 else 1}
        for n in range(40) for turn in range(4)
    ]  # fmt: skip
    text = "\n".join(map(json.dumps, rows))
    frozen = freeze_rows(text, "chat", {"messages": "messages"}, name="x.jsonl")
    assert [message["learned"] for message in frozen.rows[0]["prompt"]] == [True, False, True]
