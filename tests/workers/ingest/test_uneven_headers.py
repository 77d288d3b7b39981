"""Quotation marks that no program reads, and headers that are one cell longer or shorter than their rows."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Table = list[tuple[str, str]]
NO_FIXTURE_RESET = [HealthCheck.function_scoped_fixture]
TEXTS = st.lists(
    st.tuples(
        st.sampled_from(["Where is my order, please?", "It broke", "Thanks, all fine", 'A 5" pipe', "Say “hi”, Ann"]),
        st.sampled_from(["Open order, choose refund", "Sorry, we send a new one", "Ask us"]),
    ),
    min_size=12,
    max_size=30,
)  # fmt: skip


def numbered(rows: Table) -> Table:
    return [(f"{question} {n}", f"{answer} {n}") for n, (question, answer) in enumerate(rows)]


def written(rows: list[Any], delimiter: str = ",", **form: Any) -> str:
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, lineterminator="\n", **form).writerows(rows)
    return sink.getvalue()


def curly(opening: str, closing: str, delimiter: str) -> Callable[[Table], str]:
    def write(rows: Table) -> str:
        cells = [("question", "answer"), *((a.replace("“hi”", "hi"), b) for a, b in rows)]
        return "".join(delimiter.join(f"{opening}{cell}{closing}" for cell in row) + "\n" for row in cells)

    return write


def wrapped(delimiter: str, ending: str, *, header: bool) -> Callable[[Table], str]:
    def write(rows: Table) -> str:
        lines = written([("question", "answer"), *rows], delimiter, quoting=csv.QUOTE_ALL).splitlines()
        kept = [] if header else [f"question{delimiter}answer"]
        return "\n".join(
            [*kept, *('"' + line.replace('"', '""') + '"' + ending for line in lines[not header :])]
        )

    return write


MARKS = {
    "curly": curly("“", "”", ","),
    "curly, German": curly("„", "“", ";"),
    "curly, one way": curly("”", "”", ","),
    "curly, tabs": curly("“", "”", "\t"),
    "wrapped": wrapped(",", "", header=True),
    "wrapped, with empty cells": wrapped(",", ";;", header=True),
    "wrapped, header aside": wrapped(",", "", header=False),
    "wrapped, semicolons": wrapped(";", "", header=True),
}


@pytest.mark.parametrize("marks", MARKS)
@settings(max_examples=10, deadline=None, suppress_health_check=NO_FIXTURE_RESET)
@given(rows=TEXTS)
def test_marks_around_cells_and_lines_are_no_part_of_texts(import_file: Any, marks: str, rows: Table) -> None:
    rows = numbered(rows)
    imported = import_file(MARKS[marks](rows), "x.csv")
    if marks.startswith("curly"):
        rows = [(a.replace("“hi”", "hi"), b) for a, b in rows]
    assert [(row["question"], row["answer"]) for row in imported.rows] == rows
    assert imported.result.rejected == 0


def one_column(name: str, form: str) -> str:
    return written([(name,), *((form.format(n=n),) for n in range(30))], quoting=csv.QUOTE_ALL)


@pytest.mark.parametrize(
    "text",
    [
        "quote;author\n" + "".join(f"“Be kind {n}”;Ann\n" for n in range(30)),
        "text,label\n" + "".join(f"“Hello {n}” she said,{'ab'[n % 2]}\n" for n in range(30)),
        "text\n" + "".join(f'"Where is it, {n}? ""Here"", he said"\n' for n in range(30)),
        "".join(f'"Where is it, {n}?"\n' for n in range(30)),
        one_column("Daten", '{{"a": "b{n}", "c": "d"}}'),
        one_column("Daten", '{{"a":"b{n}","c":"d"}}'),
        one_column("Daten", '["a","b{n}"]'),
        one_column("Zitat", '"Hello {n}", he said, "go"'),
        one_column("Zitat", '"Hello {n}"; "go"'),
        written([("question", "answer"), *((f"How, {n}?", "So") for n in range(30))], quoting=csv.QUOTE_ALL),
    ],
)
def test_marks_that_belong_to_texts_stay(import_file, text: str) -> None:
    expected = list(csv.reader(io.StringIO(text), delimiter=";" if text.startswith("quote") else ","))
    imported = import_file(text, "x.csv")
    cells = [[row[column.name] for column in imported.result.columns] for row in imported.rows]
    assert cells == expected[-30:]


def with_names(names: list[str]) -> Callable[[Table], str]:
    def write(rows: Table) -> str:
        head = ",".join(["question", "answer"]) + "\n"
        return head + written(
            [(name, *row) for name, row in zip(names, rows, strict=False)], quoting=csv.QUOTE_ALL
        )

    return write


HEADERS: dict[str, Callable[[Table], str]] = {
    "comma at its end": lambda rows: "question,answer,\n" + written(rows),
    "commas at the end of rows": lambda rows: "question,answer\n" + written([(*row, "") for row in rows]),
    "pandas": lambda rows: ",question,answer\n" + written([(n, *row) for n, row in enumerate(rows)]),
    "pandas, without the name": lambda rows: "question,answer\n" + written([(n, *row) for n, row in enumerate(rows)]),
    "R": with_names([str(n + 1) for n in range(40)]),
    "R, named rows": with_names([f"row{n + 1}" for n in range(40)]),
    "R, sorted": with_names([str(40 - n) for n in range(40)]),
    "R, spaces": lambda rows: '"question" "answer"\n'
    + "".join(
        f'"{n}" ' + " ".join('"' + cell.replace('"', '\\"') + '"' for cell in row) + "\n"
        for n, row in enumerate(rows)
    ),
    "a column without cells": lambda rows: "question,answer,source\n" + written(rows),
    "a column without a name": lambda rows: "question,answer\n" + written([(*row, "web") for row in rows]),
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
@settings(max_examples=10, deadline=None, suppress_health_check=NO_FIXTURE_RESET)
@given(rows=TEXTS)
def test_a_header_of_another_length_names_its_columns(import_file: Any, header: str, rows: Table) -> None:
    rows = numbered(rows)
    imported = import_file(HEADERS[header](rows), "x.csv")
    assert [(row["question"], row["answer"]) for row in imported.rows] == rows
    assert imported.result.rejected == 0
    assert imported.result.proposal.task_type == "chat"
    told = [warning for warning in imported.result.proposal.warnings if "than the header." in warning]
    assert len(told) == header.startswith("a column without")


def test_rows_that_lack_their_last_cells(import_file) -> None:
    rows = [f"How, {n}?,So {n}" + (",web" if n % 3 == 0 else "") for n in range(30)]
    imported = import_file(
        "question;answer;source\n" + "\n".join(rows).replace(", ", "~").replace(",", ";"), "x.csv"
    )
    assert [row["source"] for row in imported.rows[:3]] == ["web", None, None]
    assert imported.result.rejected == 0


def test_a_header_that_names_other_things_is_none(import_file) -> None:
    text = "Export of Monday\n" + "".join(f"Where is it {n}?,It is at {n}\n" for n in range(30))
    assert [column.name for column in import_file(text, "x.csv").result.columns] == ["column_1", "column_2"]
