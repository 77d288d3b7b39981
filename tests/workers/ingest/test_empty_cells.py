"""Errors of spreadsheets are no texts; words that may mean “no answer” are learned and named."""

import csv
import io
from collections.abc import Callable

import pytest

from workers.ingest.missing_labels import missing_labels

ERRORS = ["#VALUE!", "#N/A", "#REF!", "#NAME?", "#DIV/0!", "#WERT!", " #NUM! "]


def table(names: tuple[str, str], first: Callable[[int], str], second: Callable[[int], str]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows([names, *((first(n), second(n)) for n in range(40))])
    return stream.getvalue()


def question(n: int) -> str:
    return f"Where is parcel {n} that I sent?"


def answer(n: int) -> str:
    return f"It came to desk {n}."


def some(word: str, other: Callable[[int], str]) -> Callable[[int], str]:
    return lambda n: word if n % 10 == 0 else other(n)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("side", ["question", "answer"])
def test_an_error_of_a_spreadsheet_is_no_text(import_file, freeze_rows, error: str, side: str) -> None:
    sides = {"question": question, "answer": answer}
    sides[side] = some(error, sides[side])
    file = table(("question", "answer"), sides["question"], sides["answer"])
    proposal = import_file(file).result.proposal
    assert proposal.warnings == [
        f"Rows with a spreadsheet error in “{side}” (“{error}”): 4 of 40. These rows are rejected."
    ]
    frozen = freeze_rows(file, "chat", proposal.roles)
    part = {"question": "input", "answer": "target"}[side]
    reason = f"The {part} (column “{side}”) is a spreadsheet error, not text"
    assert frozen.reasons == {reason: 4}
    assert len(frozen.rows) == 36


@pytest.mark.parametrize("word", ["N/A", "n/a", "null", "NaN", "None", "none"])
def test_a_word_that_may_mean_no_answer_is_named(import_file, freeze_rows, word: str) -> None:
    file = table(("question", "answer"), question, some(word, answer))
    proposal = import_file(file).result.proposal
    assert proposal.warnings == [
        f"Rows with “{word}” in “answer”: 4 of 40. These values are used as answers. If they mean “no answer”, empty these cells."
    ]
    assert len(freeze_rows(file, "chat", proposal.roles).rows) == 40


@pytest.mark.parametrize(
    "text", ["None of them came.", "#1 is here", "#VALUE! is what it shows", "nan bread", "It is null."]
)
def test_texts_with_such_words_are_texts(import_file, freeze_rows, text: str) -> None:
    file = table(("question", "answer"), question, some(text, answer))
    proposal = import_file(file).result.proposal
    assert proposal.warnings == []
    assert len(freeze_rows(file, "chat", proposal.roles).rows) == 40


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        (["late", "paid", "#VALUE!"], {"#VALUE!"}),
        (["late", "paid", "lost", "#REF!", "#N/A"], {"#REF!", "#N/A"}),
        (["#REF!", "#N/A", "#VALUE!"], set()),
        (["#REF!", "#N/A", "fine"], set()),
    ],
)
def test_errors_are_no_labels_but_where_the_texts_are_about_them(
    labels: list[str], missing: set[str]
) -> None:
    assert missing_labels(labels) == missing


@pytest.mark.parametrize(
    "grades",
    [["9th", "10th"], list("ABCDF"), ["A+", "A-", "B+"], ["Grade 9", "Grade 10"], ["K", "1", "2"], ["F", ""], ["Freshman", "Junior"]],
)  # fmt: skip
@pytest.mark.parametrize("name", ["grade", "Grade"])
def test_grades_of_a_school_are_no_marks(import_file, grades: list[str], name: str) -> None:
    stream = io.StringIO()
    rows = [(question(n), answer(n), grades[n % len(grades)]) for n in range(40)]
    csv.writer(stream).writerows([("question", "answer", name), *rows])
    proposal = import_file(stream.getvalue()).result.proposal
    assert (proposal.roles[name], proposal.warnings) == ("ignore", [])


@pytest.mark.parametrize(
    "statuses",
    [["shipped", "delivered"], ["shipped", "failed"], ["approved", "shipped", "rejected"], ["shipped", ""]],
)
@pytest.mark.parametrize("name", ["order_status", "Order Status", "shipping_status"])
def test_the_status_of_an_order_is_no_mark(import_file, statuses: list[str], name: str) -> None:
    stream = io.StringIO()
    rows = [(question(n), answer(n), statuses[n % len(statuses)]) for n in range(40)]
    csv.writer(stream).writerows([("question", "answer", name), *rows])
    proposal = import_file(stream.getvalue()).result.proposal
    assert (proposal.roles[name], proposal.warnings) == ("ignore", [])
