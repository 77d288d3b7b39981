"""Tables as people lay them out: labels at the head of groups, names down the side, formats that name or divide numbers."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from workers.ingest.number_formats import formatter

LABELS = ("late", "paid", "lost")
TEXTS = [f"Parcel {n} came to desk {n % 7} in a bad way" for n in range(60)]


def workbook(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rows_of(groups: list[tuple[str | None, str]]) -> tuple[bytes, str]:
    """The same table as a workbook and as CSV."""

    def fill(sheet: Any) -> None:
        sheet.append(["department", "ticket"])
        for group in groups:
            sheet.append(list(group))

    lines = [f"{label or ''},{text}" for label, text in groups]
    return workbook(fill), "\n".join(["department,ticket", *lines])


@pytest.mark.parametrize("sizes", [(20, 20, 20), (30, 20, 10), (3, 50, 7)])
def test_a_label_at_the_head_of_its_group(import_file, sizes: tuple[int, ...]) -> None:
    texts = iter(TEXTS)
    expected = [(label, next(texts)) for label, size in zip(LABELS, sizes, strict=True) for _ in range(size)]
    heads = {sum(sizes[:n]) for n in range(len(sizes))}
    groups = [(label if n in heads else None, text) for n, (label, text) in enumerate(expected)]
    for content, name in zip(rows_of(groups), ("x.xlsx", "x.csv"), strict=True):
        imported = import_file(content, name)
        assert [(row["department"], row["ticket"]) for row in imported.rows] == expected
        assert imported.result.proposal.task_type == "classification"
        assert any("first row of each group" in why for why in imported.result.proposal.why)


@pytest.mark.parametrize("known", [{0: "1", 1: "2", 2: "3"}, {0: "good", 1: "bad"}])
def test_a_few_labels_at_the_top_are_no_heads_of_groups(import_file, known: dict[int, str]) -> None:
    text = "\n".join(["text,stars", *(f"{text},{known.get(n, '')}" for n, text in enumerate(TEXTS))])
    imported = import_file(text, "x.csv")
    assert sum(row["stars"] is not None for row in imported.rows) == len(known)


@pytest.mark.parametrize("every", [2, 4, 10])
def test_rows_without_a_label_keep_none(import_file, every: int) -> None:
    """Where labels repeat, a blank is a row without a label."""
    groups = [(LABELS[n // every % 3] if n % every == 0 else None, text) for n, text in enumerate(TEXTS)]
    for content, name in zip(rows_of(groups), ("x.xlsx", "x.csv"), strict=True):
        imported = import_file(content, name)
        assert sum(row["department"] is not None for row in imported.rows) == 60 // every


def test_a_table_that_lies_on_its_side(import_file) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["text", *TEXTS])
        sheet.append(["label", *(LABELS[n % 3] for n in range(60))])

    imported = import_file(workbook(fill), "x.xlsx")
    assert [(row["text"], row["label"]) for row in imported.rows] == [(t, LABELS[n % 3]) for n, t in enumerate(TEXTS)]  # fmt: skip
    assert any("first column" in why for why in imported.result.proposal.why)


def test_a_short_wide_table_with_a_header_stays(import_file) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["text", "label", *(f"score {n}" for n in range(40))])
        for n in range(3):
            sheet.append([TEXTS[n], LABELS[n], *range(40)])

    assert import_file(workbook(fill), "x.xlsx").result.rows == 3


def test_formulas_without_a_value_are_named(import_file) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["text", "label"])
        for n, text in enumerate(TEXTS):
            sheet.append([text, '=IF(1,"x","y")' if n % 2 else LABELS[n % 3]])

    why = import_file(workbook(fill), "x.xlsx").result.proposal.why
    assert any(said.startswith("30 cells contain formulas") for said in why)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ('[=1]"Yes";[=0]"No";General', {1: "Yes", 0: "No", 7: "7"}),
        ('[>=90]"pass";"fail"', {95: "pass", 90: "pass", 89: "fail", -1: "fail"}),
        ('[Red][<50]"low";[Blue][>=80]"high";"mid"', {10: "low", 80: "high", 60: "mid"}),
        ('[<>0]0.0;"none"', {1.25: "1.3", 0: "none"}),
        ("# ?/?", {0.5: "1/2", 0.25: "1/4", 1.75: "1 3/4", 3: "3", 0: "0", -0.5: "-1/2"}),
        ("# ??/??", {0.0625: "1/16", 1.5: "1 1/2"}),
        ("?/?", {1.5: "3/2"}),
        ("# ?/4", {0.5: "2/4", 2.75: "2 3/4"}),
    ],
)
def test_number_formats(code: str, shown: dict[float, str]) -> None:
    write = formatter(code)
    assert {value: write(float(value)) for value in shown} == shown


@pytest.mark.parametrize("line", [",", ",,", " , "])
def test_lines_of_delimiters_alone_are_blank(import_file, line: str) -> None:
    lines = [f"Where is parcel {n}?,At desk {n}." for n in range(30)]
    imported = import_file("\n".join(["question,answer", *lines, *[line] * 40]), "x.csv")
    assert (imported.result.rows, imported.result.rejected, imported.result.blank) == (30, 0, 40)
