"""Marks of bad turns and rows in lists, objects and flags: followed where they are clear, named where they are not."""

import json
from typing import Any

import pytest

from workers.ingest.conversations import read_conversation
from workers.ingest.verdicts import reading_of


def made(row: Any, count: int = 60) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def is_bad(n: int) -> bool:
    return n % 3 == 0


def pair(n: int) -> dict[str, Any]:
    return {
        "question": f"How do I send back kettle {n}?",
        "answer": f"{'WRONG' if is_bad(n) else 'Right'} desk {n}.",
    }


def turns(n: int) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": f"Where is {n}?"},
        {"role": "assistant", "content": f"{'WRONG' if is_bad(n) else 'Right'} desk {n}."},
        {"role": "user", "content": "And the other?"},
        {"role": "assistant", "content": f"Right there, {n}."},
    ]


@pytest.mark.parametrize(
    ("mark", "learned"),
    [
        ({"is_error": True}, False), ({"isError": "true"}, False), ({"error": True}, False), ({"is_error": False}, True),
        ({"error": "none"}, True), ({"content": [{"type": "text", "text": "Here.", "is_error": True}]}, False),
        ({"content": [{"type": "text", "text": "Here.", "is_error": False}]}, True),
    ],
)  # fmt: skip
def test_a_turn_that_is_an_error_is_read_only(mark: dict[str, Any], learned: bool) -> None:
    talk = read_conversation(
        [
            {"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "Here.", **mark},
            {"role": "user", "content": "Where?"}, {"role": "assistant", "content": "There."},
        ]
    )  # fmt: skip
    assert talk.messages[1].get("learned", True) is learned


@pytest.mark.parametrize("name", ["loss_mask", "train_mask", "turnMask"])
@pytest.mark.parametrize(
    "mask",
    [
        lambda n: [0, int(not is_bad(n)), 0, 1],
        lambda n: [1, int(not is_bad(n)), 1, 1],
        lambda n: [False, not is_bad(n), False, True],
        lambda n: [int(not is_bad(n)), 1],
    ],
)
def test_a_mask_of_turns_is_followed(import_file, freeze_rows, name: str, mask: Any) -> None:
    file = made(lambda n: {"messages": turns(n), name: mask(n)})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles == {"messages": "messages"}
    assert proposal.warnings == []
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert len(frozen.rows) == 60
    for row in frozen.rows:
        assert row["prompt"][1]["learned"] is row["prompt"][1]["content"].startswith("Right")


@pytest.mark.parametrize(
    "row",
    [
        lambda n: {**pair(n), "loss_mask": [0, 0, 1, 1, 1]},
        lambda n: {"messages": turns(n), "loss_mask": [0, 1] * 9},
    ],
)
def test_a_mask_of_other_parts_is_named(import_file, row: Any) -> None:
    assert import_file(made(row), "x.jsonl").result.proposal.warnings == [
        "“loss_mask” marks the parts of a row to train on. It matches no list of messages, so it is ignored and all parts are used."
    ]


@pytest.mark.parametrize("name", ["feedback", "meta.feedback", "evaluation"])
@pytest.mark.parametrize(
    "rate", [lambda bad: {"score": 1 - bad}, lambda bad: {"rating": 1.0 - bad, "comment": f"So {bad}"}]
)
def test_0_is_bad_in_objects_that_rate_by_0_and_1(import_file, freeze_rows, name: str, rate: Any) -> None:
    file = made(lambda n: {**pair(n), name: rate(int(is_bad(n)))})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles[name] == "quality"
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert {row["target"].split()[0] for row in frozen.rows} == {"Right"}
    assert frozen.reasons == {"The file marks this row as bad": 20}


@pytest.mark.parametrize("scores", [range(6), (0, 5), (0, 0.5, 1)])
def test_0_is_a_degree_in_objects_with_more_numbers(import_file, scores: Any) -> None:
    file = made(lambda n: {**pair(n), "feedback": {"score": scores[n % len(scores)]}})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles["feedback"] == "ignore"
    assert proposal.warnings == [
        "“feedback” contains ratings of rows. Rows with a low rating are used for training too."
    ]


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("tags", ["bad"], ["parcel"]), ("tags", ["parcel", "reject"], ["parcel"]), ("tags", "bad, parcel", "parcel, lamp"),
        ("annotations", [{"label": "reject"}, {"label": "accept"}], [{"label": "accept"}]), ("marks", ["low quality"], []),
    ],
)  # fmt: skip
def test_tags_of_bad_rows_are_named_and_followed_where_a_person_wants_it(
    import_file, freeze_rows, name: str, bad: Any, good: Any
) -> None:
    file = made(lambda n: {**pair(n), name: bad if is_bad(n) else good})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles[name] == "ignore"
    assert proposal.warnings == [
        f"“{name}” may mark bad rows. It is ignored, so all rows are used for training. To reject the bad rows, choose “Good or bad row” for this column."
    ]
    frozen = freeze_rows(file, "chat", {**proposal.roles, name: "quality"}, name="x.jsonl")
    assert {row["target"].split()[0] for row in frozen.rows} == {"Right"}


@pytest.mark.parametrize(
    "tags",
    [["parcel"], ["wrong desk", "lamp"], ["spam", "late"], ["negative"], ["delete", "git"], ["ignore"]],
)
def test_tags_of_topics_are_not_named(import_file, tags: list[str]) -> None:
    file = made(lambda n: {**pair(n), "tags": tags if is_bad(n) else ["kettle"]})
    assert import_file(file, "x.jsonl").result.proposal.warnings == []


@pytest.mark.parametrize("name", ["contains_pii", "has_pii", "pii", "refused", "refusal"])
@pytest.mark.parametrize("says", [(True, False), ("yes", "no"), (1, 0)])
def test_plain_flags_are_followed(import_file, freeze_rows, name: str, says: tuple[Any, Any]) -> None:
    file = made(lambda n: {**pair(n), name: says[0] if is_bad(n) else says[1]})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles[name] == "quality"
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert {row["target"].split()[0] for row in frozen.rows} == {"Right"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("refused", ["refund", "order", "offer"]), ("refused", ["full", "partial"]), ("refused", ["rejected", "accepted"]), ("refused", [0, 1, 2, 3]),
        ("pii", ["EMAIL", "PHONE"]), ("pii", [["EMAIL"], []]), ("is_pii_question", ["x", "y"]),
    ],
)  # fmt: skip
def test_flags_in_other_words_are_not_followed(import_file, name: str, values: list[Any]) -> None:
    file = made(lambda n: {**pair(n), name: values[n % len(values)]})
    assert import_file(file, "x.jsonl").result.proposal.roles[name] == "ignore"


def test_personal_data_in_a_labelled_text_is_no_mark_on_its_label(import_file) -> None:
    file = made(
        lambda n: {"text": f"My parcel {n} is late", "label": "ab"[n // 3 % 2], "contains_pii": is_bad(n)}
    )
    assert import_file(file, "x.jsonl").result.proposal.roles["contains_pii"] == "ignore"


def test_every_second_column_of_marks_is_named(import_file) -> None:
    file = made(lambda n: {**pair(n), "flagged": is_bad(n), "toxic": n % 4 == 0, "deleted": n % 5 == 0, "tags": ["bad"] if n % 7 else ["lamp"], "result": ["PASS", "FAIL"][n % 2]})  # fmt: skip
    assert import_file(file, "x.jsonl").result.proposal.warnings == [
        "“toxic”, “deleted” mark rows as bad as well. Only one such column is supported, so these rows are used for training. Remove them from the file first.",
        "“tags”, “result” may mark bad rows. They are ignored, so all rows are used for training. To reject the bad rows, choose “Good or bad row” for one of these columns.",
    ]


def test_the_parts_of_a_competitions_test_set(import_file, freeze_rows) -> None:
    parts = ["Train", "Train", "Public", "Private"]
    file = made(lambda n: {**pair(n), "Usage": parts[n % 4]})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles["Usage"] == "split"
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert frozen.result.rows == {"train": 30, "validation": 15, "test": 15}


@pytest.mark.parametrize("parts", [["Public", "Private"], ["Public", "Private", "Ignored"]])
def test_the_parts_of_a_test_set_alone_are_named(import_file, parts: list[str]) -> None:
    file = made(lambda n: {**pair(n), "Usage": parts[n % len(parts)]})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles["Usage"] == "ignore"
    assert "contains parts of a test set" in proposal.warnings[0]


@pytest.mark.parametrize(
    ("name", "values"),
    [("usage", ["low", "high"]), ("visibility", ["public", "private"]), ("Usage", ["public", "internal"])],
)
def test_other_uses_are_not_named(import_file, name: str, values: list[str]) -> None:
    file = made(lambda n: {**pair(n), name: values[n % 2]})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert (proposal.roles[name], proposal.warnings) == ("ignore", [])


def test_a_list_is_read_as_a_mark_only_where_a_person_chose_it() -> None:
    assert reading_of("tags", ()).is_good('["bad", "parcel"]') is False
    assert reading_of("tags", ()).is_good('["parcel"]') is None
    assert reading_of("tags", (), is_strict=True).is_good('["bad", "parcel"]') is None
