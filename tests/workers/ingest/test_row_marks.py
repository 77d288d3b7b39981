"""Columns and fields that mark rows or turns as bad, under many names and in many values: what is learned, what is said."""

import json
from typing import Any

import pytest

from workers.ingest.conversations import read_conversation
from workers.ingest.verdicts import mark_named, reading_of


def made(row: Any, count: int = 60) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def pair(n: int) -> dict[str, str]:
    return {
        "question": f"How do I send back kettle {n}?",
        "answer": f"{'WRONG' if n % 3 == 0 else 'Right'} desk {n}.",
    }


def text(n: int) -> dict[str, str]:
    return {"text": f"My parcel {n} is late", "label": ["late", "broken"][n // 3 % 2]}


MARKS = [
    *[(name, True, False) for name in ("accepted", "is_correct", "isHelpful", "answer_valid", "non_toxic", "keep")],
    *[(name, "no", "yes") for name in ("toxic", "exclude", "has_hallucination", "is_bad_answer", "flagged", "not_helpful", "spam")],
    *[(name, 0, 1) for name in ("deleted", "is_duplicate", "toxicity_flag", "有害", "gelöscht")],
    *[("status", good, bad) for good, bad in (("approved", "rejected"), ("Accepted", "Declined"), ("通过", "不通过"))],
    *[("quality", good, bad) for good, bad in (("high", "low"), ("good", "poor"), ("medium", "bad"))],
    ("label", 1, -1), ("reward", 0.9, -0.8), ("votes", 12, -4), ("stars", 5, 1), ("rating", "5 stars", "1 star"), ("rating", "★★★★★", "★☆☆☆☆"),
    ("human_score", 9, 2), ("toxicity_score", 0.02, 0.9), ("是否采纳", "是", "否"), ("是否有害", "否", "是"), ("Bewertung", "gut", "schlecht"),
    ("review_status", "Approved", "Needs work"), ("exclude", None, "x"), ("feedback", "👍", "👎"), ("meta.verdict", "correct", "incorrect"),
    ("thumbsDown", False, True), ("spam", "ham", "spam"), ("toxicity", "non-toxic", "toxic"), ("hate", "not_hate", "hate"), ("safety", "safe", "unsafe"),
    ("include_in_training", "yes", "no"), ("loss_mask", 1, 0), ("deleted_at", None, "2024-05-01"), ("preference", "chosen", "rejected"),
    ("moderation", {"flagged": False}, {"flagged": True}), ("feedback", {"rating": "good"}, {"rating": "bad"}), ("feedback", {"score": 1}, {"score": -1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "good", "bad"), MARKS)
def test_rows_marked_as_bad_are_not_learned(import_file, freeze_rows, name: str, good: Any, bad: Any) -> None:
    file = made(lambda n: {**pair(n), name: bad if n % 3 == 0 else good})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert (proposal.task_type, proposal.roles[name]) == ("chat", "quality")
    assert f"“{name}” marks rows as good or bad. Bad rows are rejected." in proposal.why
    frozen = freeze_rows(file, proposal.task_type, proposal.roles, name="x.jsonl")
    assert {row["target"].split()[0] for row in frozen.rows} == {"Right"}
    assert frozen.reasons == {"The file marks this row as bad": 20}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("answer", "accept", "reject"), ("review_status", "approved", "rejected"), ("exclude", "no", "yes"), ("label_correct", 1, 0), ("is_valid", True, False)],
)  # fmt: skip
def test_marks_on_labels_are_followed(import_file, freeze_rows, name: str, good: Any, bad: Any) -> None:
    file = made(lambda n: {**text(n), name: bad if n % 3 == 0 else good})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles == {"text": "input", "label": "label", name: "quality"}
    frozen = freeze_rows(file, proposal.task_type, proposal.roles, name="x.jsonl")
    assert {row["line"] % 3 for row in frozen.rows} == {0, 2}  # lines count from 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("category", lambda n: "ab"[n % 2]),
        ("status", lambda n: ["open", "closed", "waiting"][n % 3]),
        ("state", lambda n: ["Texas", "Ohio"][n % 2]),
        ("priority", lambda n: ["high", "low"][n % 2]),
        ("label", lambda n: ["high", "low", "urgent"][n % 3]),
        ("accepted", lambda n: True),
        ("feedback", lambda n: f"The customer {n} thanked us for it"),
        ("error", lambda n: ["timeout", "none", "5xx"][n % 3]),
        ("rank", lambda n: n % 4),
        ("sentiment_score", lambda n: [-0.5, 0.5][n % 2]),
        ("confidence", lambda n: n % 10 / 10),
        ("meta", lambda n: {"id": n, "label": ["negative", "positive"][n % 2]}),
        ("preference", lambda n: "AB"[n % 2]),
    ],
)
def test_other_columns_are_no_marks(import_file, name: str, value: Any) -> None:
    proposal = import_file(made(lambda n: {**pair(n), name: value(n)}), "x.jsonl").result.proposal
    assert (proposal.roles[name], proposal.warnings) == ("ignore", [])


@pytest.mark.parametrize("name", ["rating", "votes", "toxic", "quality", "helpful", "status"])
def test_what_a_text_is_like_is_no_mark_on_its_label(import_file, name: str) -> None:
    values = {"rating": [1, 2, 3], "votes": [1, -3], "status": ["approved", "denied"]}.get(
        name, ["yes", "no"]
    )
    file = made(lambda n: {**text(n), name: values[n % len(values)]})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles == {"text": "input", "label": "label", name: "ignore"}
    assert proposal.warnings == []


def test_a_column_that_is_the_label_stays_it(import_file) -> None:
    file = made(lambda n: {"review": f"The kettle {n} boils", "rating": n % 5 + 1})
    assert import_file(file, "x.jsonl").result.proposal.roles == {"review": "input", "rating": "label"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("rating", lambda n: n % 5 + 1), ("upvotes", lambda n: n * 7 % 41), ("score", lambda n: n / 60)],
)
def test_degrees_are_named_and_followed_where_a_person_wants_it(
    import_file, freeze_rows, name: str, value: Any
) -> None:
    file = made(lambda n: {**pair(n), name: value(n)})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles[name] == "ignore"
    assert proposal.warnings == [
        f"“{name}” contains ratings of rows. Rows with a low rating are used for training too. To reject the lower half of the scale, choose “Good or bad row” for this column."
    ]
    frozen = freeze_rows(file, "chat", {**proposal.roles, name: "quality"}, name="x.jsonl")
    middle = reading_of(name, [float(value(n)) for n in range(60)]).middle
    assert middle
    assert {row["line"] - 1 for row in frozen.rows} == {n for n in range(60) if value(n) >= middle}


def test_a_second_mark_and_marks_in_unknown_words_are_named(import_file) -> None:
    file = made(lambda n: {**pair(n), "toxic": n % 2 == 0, "deleted": n % 3 == 0, "quality": "AF"[n % 2]})
    assert import_file(file, "x.jsonl").result.proposal.warnings == [
        "“deleted” marks rows as bad as well. Only one such column is supported, so these rows are used for training. Remove them from the file first.",
        "“quality” may mark bad rows, but its values (“A”, “F”) mean neither good nor bad. All rows are used for training. To exclude rows, write “good” or “bad” in this column and upload the file again.",
    ]


@pytest.mark.parametrize(
    ("name", "values", "unclear"),
    [("label", ["no", "yes", "maybe"], "maybe"), ("status", ["rejected", "approved", "pending"], "pending")],
)
def test_rows_whose_mark_says_neither_are_learned_and_counted(
    import_file, freeze_rows, name: str, values: list[str], unclear: str
) -> None:
    file = made(lambda n: {**pair(n), name: values[n % 3]}, 90)
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles[name] == "quality"
    assert (
        f"Some values of “{name}” mean neither good nor bad (“{unclear}”). These rows are used for training too."
        in proposal.warnings
    )
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert frozen.reasons == {"The file marks this row as bad": 30}
    assert (
        f"“{name}” is neither good nor bad in 30 rows (“{unclear}”). These rows are used for training."
        in frozen.result.warnings
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *[(name, ["yes", "no"]) for name in ("needs_review", "is_true_question", "customer_satisfied", "human_review")],
        ("application_status", ["approved", "rejected"]), ("decision", ["approved", "declined"]), ("label", ["positive", "negative"]),
        ("result", ["PASS", "FAIL"]), ("comment", ["", "do not use"]),
    ],
)  # fmt: skip
def test_a_column_that_may_be_about_something_else_is_named_and_not_followed(
    import_file, name: str, values: list[str]
) -> None:
    file = made(lambda n: {**pair(n), name: values[n % 2]})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles[name] == "ignore"
    assert proposal.warnings == [
        f"“{name}” may mark bad rows. It is ignored, so all rows are used for training. To reject the bad rows, choose “Good or bad row” for this column."
    ]


@pytest.mark.parametrize(
    "name", ["needs_review", "needs_approval", "to_be_approved", "pending_review", "requires review?", "待审核", "unapproved"],
)  # fmt: skip
def test_rows_that_nobody_has_checked_are_never_the_good_ones(name: str) -> None:
    assert reading_of(name, ()).is_good("yes") is False
    assert name == "unapproved" or mark_named(name).is_doubtful  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["customer_status", "order_status", "product_failed", "return_accepted", "is_ok_to_call", "isWrongNumber", "hasDuplicateOrder", "is_duplicate_checked", "school_grade"],
)  # fmt: skip
def test_names_with_another_noun_are_doubtful(name: str) -> None:
    assert mark_named(name).is_doubtful  # type: ignore[union-attr]


def test_a_mark_beside_a_prediction_is_not_followed(import_file) -> None:
    file = made(lambda n: {**text(n), "prediction": "late", "correct": ["True", "False"][n // 3 % 2]})
    assert import_file(file, "x.jsonl").result.proposal.roles["correct"] == "ignore"


@pytest.mark.parametrize(
    ("name", "cell", "good"),
    [
        ("toxicity", "high", False), ("toxicity", "low", True), ("toxic", "positive", False), ("toxic", "negative", True), ("hate", "none", None),
        ("quality", "high", True), ("quality", "low", False), ("ohne Fehler", "ja", True), ("error_free", "no", False), ("no_errors", "yes", True),
        ("is_correct", "1.0", True), ("is_correct", "0.0", False), ("is_correct", "nan", None), ("deleted_at", "NULL", None), ("deleted_at", "", None),
        ("assessment", "high", True), ("assessment", "low", False), ("QA result", "FAIL", False), ("Check", "✗", False), ("评价", "差评", False), ("评价", "好评", True),
        ("Beoordeling", "fout", False), ("Statut", "rejeté", False), ("to_delete", "yes", False), ("refused", "yes", False), ("reject_reason", "too long", False),
    ],
)  # fmt: skip
def test_marks_are_read_as_their_column_means_them(name: str, cell: str, good: bool | None) -> None:
    assert mark_named(name)
    assert reading_of(name, ()).is_good(cell) is good


@pytest.mark.parametrize(("numbers", "bad"), [((-1, 0, 1), [-1]), ((-2, 0, 1), [-2]), ((0, 1), [0])])
def test_no_is_bad_only_where_nothing_is_below_it(numbers: tuple[int, ...], bad: list[int]) -> None:
    reading = reading_of("vote", map(float, numbers))
    assert [number for number in numbers if reading.is_good(str(number)) is False] == bad


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score", lambda n: -0.1 - n / 60), ("growth_rate", lambda n: [-0.5, 0.5][n % 2]), ("error_rate", lambda n: [0.1, 0.9][n % 2]),
        ("order", lambda n: {"approved": n % 2 == 0}),
    ],
)  # fmt: skip
def test_what_is_no_mark_sets_no_row_aside(import_file, name: str, value: Any) -> None:
    proposal = import_file(made(lambda n: {**pair(n), name: value(n)}), "x.jsonl").result.proposal
    assert proposal.roles[name] == "ignore"


def test_the_advice_follows_which_end_of_a_scale_is_bad(import_file) -> None:
    file = made(lambda n: {**pair(n), "errors": n % 3, "id": n})
    assert "To reject the upper half" in import_file(file, "x.jsonl").result.proposal.warnings[0]
    file = made(lambda n: {**pair(n), "likes": 900 if n == 7 else n % 9})
    assert import_file(file, "x.jsonl").result.proposal.warnings == [
        "“likes” contains ratings of rows. Rows with a low rating are used for training too."
    ]


@pytest.mark.parametrize(
    ("mark", "learned"),
    [
        ({"rating": "bad"}, False), ({"mask": True}, False), ({"ignore": 1}, False), ({"feedback": {"rating": "thumbs_down"}}, False),
        ({"score": -1}, False), ({"is_correct": False}, False), ({"toxic": "yes"}, False), ({"评价": "差"}, False),
        ({"loss_mask": 0}, False), ({"no_train": True}, False), ({"ignore_loss": 1}, False), ({"loss_mask": 1}, True), ({"rating": "good"}, True), ({"mask": False}, True), ({"label": "negative"}, True), ({"error": False}, True), ({"name": "no"}, True),
    ],
)  # fmt: skip
def test_a_turn_that_is_marked_as_bad_is_read_only(mark: dict[str, Any], learned: bool) -> None:
    turns = [
        {"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "Here.", **mark},
        {"role": "user", "content": "Where?"}, {"role": "assistant", "content": "There."},
    ]  # fmt: skip
    talk = read_conversation(turns)
    assert talk.messages[1].get("learned", True) is learned
    assert bool(talk.notes) is not learned


def test_degrees_of_turns_are_named() -> None:
    turns = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "There.", "rating": 2}]
    assert read_conversation(turns).notes == {
        "“rating” contains numeric ratings of turns. All rated answers are used for training."
    }


@pytest.mark.parametrize(
    "name",
    ["title", "context", "source", "response", "error_message", "correct_answer", "id", "date", "topic"],
)
def test_usual_names_are_no_marks(name: str) -> None:
    assert mark_named(name) is None
