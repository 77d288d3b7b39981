"""Workbooks as people see them: merged cells, number formats, percentages, dates, and the sheet that was chosen."""

import datetime
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from workers.ingest.number_formats import formatter
from workers.runtime.reporter import JobError


def save(path: Path, sheets: dict[str, list[list[Any]]], *, merged: str = "", code: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if merged:
            sheet.merge_cells(merged)
        for row in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
            row[0].number_format = code or row[0].number_format
    book.save(path)
    return path


@pytest.fixture
def import_rows(import_file, tmp_path: Path) -> Any:
    def run(rows: list[list[Any]], **more: str) -> Any:
        return import_file(save(tmp_path / "x.xlsx", {"S": rows}, **more), "x.xlsx")

    return run


def test_a_merged_cell_holds_for_each_of_its_rows(import_rows) -> None:
    rows = [
        ["label", "text"],
        ["late", "one"],
        [None, "two"],
        [None, "three"],
        ["lost", "four"],
        [None, "five"],
    ]
    imported = import_rows(rows, merged="A2:A4")
    assert [row["label"] for row in imported.rows] == ["late", "late", "late", "lost", None]
    assert imported.result.rejected == 0


def test_a_title_over_all_columns_stays_above_the_header(import_rows) -> None:
    rows = [["Tickets of May", None], ["text", "label"], ["one", "a"], ["two", "b"], ["three", "a"]]
    imported = import_rows(rows, merged="A1:B1")
    assert [(row["text"], row["label"]) for row in imported.rows] == [
        ("one", "a"),
        ("two", "b"),
        ("three", "a"),
    ]


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (0.125, "0.0%", "12.5%"),
        (0.5, "0%", "50%"),
        (7, "00000", "00007"),
        (3.14159, "0.00", "3.14"),
        (1234567.5, "#,##0.00", "1,234,567.50"),
        (12.5, '"€"#,##0.00', "€12.50"),
        (0.1 + 0.2, "", "0.3"),
        (3.0, "", "3"),
        (True, "", "TRUE"),
        (datetime.date(2024, 3, 5), "", "2024-03-05"),
        (datetime.date(2024, 3, 5), "dd.mm.yyyy", "05.03.2024"),
        (datetime.date(2024, 3, 5), "mm-dd-yy", "2024-03-05"),
        (datetime.datetime(2024, 3, 5, 9, 30), "", "2024-03-05 9:30:00"),  # noqa: DTZ001
        (datetime.time(14, 30), "", "14:30:00"),
        ("a\r\nb", "", "a\nb"),
    ],
)  # fmt: skip
def test_cells_are_what_people_see(import_rows, value: Any, code: str, seen: str) -> None:
    imported = import_rows([["text", "cell"], ["one", value], ["two", value]], code=code)
    assert imported.rows[0]["cell"].replace("\r\n", "\n") == seen


@pytest.mark.parametrize(
    ("code", "value", "seen"),
    [
        ("$#,##0.00_);[Red]($#,##0.00)", -12.5, "($12.50)"),
        ("#,##0.00 [$€-407]", 12.5, "12.50 €"),
        ("0.00E+00", 12345.678, "1.23E+04"),
        ('0.0,,"M"', 12345678.0, "12.3M"),
        ("0.0#", 1.25, "1.25"),
        ("0.0%;-0.0%;-", 0.0, "-"),
        ("[h]:mm", 1.5, "36:00"),
        ("h:mm AM/PM", 0.75, "6:00 PM"),
        ("mm:ss", 0.01, "14:24"),
        ("[$-407]d. mmmm yyyy", 45356.0, "2024-03-05"),
        ('yyyy"年"m"月"d"日"', 45356.0, "2024年3月5日"),
        ("# ?/?", 0.5, "1/2"),
        ("[>100]0;General", 5.0, "5"),
        ("yyyy-mm-dd", -1.0, "-1"),
    ],
)
def test_number_formats(code: str, value: float, seen: str) -> None:
    assert formatter(code)(value) == seen


@pytest.fixture
def two_sheets(tmp_path: Path) -> Path:
    rows = [["text", "label"], ["one", "a"], ["two", "b"], ["three", "a"]]
    return save(
        tmp_path / "two.xlsx", {"Cover": [["Read me"]], "Tickets": rows, "Old": rows[:3], "Empty": []}
    )


def test_another_sheet_can_be_chosen(import_file, two_sheets: Path) -> None:
    imported = import_file(two_sheets, "two.xlsx")
    assert (imported.result.part, imported.result.parts) == ("Tickets", ["Cover", "Tickets", "Old"])
    chosen = import_file(two_sheets, "two.xlsx", part="Old")
    assert (chosen.result.rows, chosen.result.part) == (2, "Old")
    assert not any("fullest" in why for why in chosen.result.proposal.why)
    with pytest.raises(JobError, match="The sheet “Empty” is empty"):
        import_file(two_sheets, "two.xlsx", part="Empty")


def test_empty_rows_are_counted(import_rows) -> None:
    result = import_rows([["text", "label"], ["one", "a"], [], [], ["two", "b"]]).result
    assert (result.rows, result.blank) == (2, 2)


def test_elements_may_have_a_prefix(import_file, two_sheets: Path, tmp_path: Path) -> None:
    """As some programs write them: <x:row> for <row>."""
    prefixed = tmp_path / "prefixed.xlsx"
    with zipfile.ZipFile(two_sheets) as plain, zipfile.ZipFile(prefixed, "w") as out:
        for name in plain.namelist():
            content = plain.read(name)
            if "/worksheets/" in name or name.endswith(("workbook.xml", "sharedStrings.xml")):
                content = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", content).replace(b"xmlns=", b"xmlns:x=")
            out.writestr(name, content)
    assert import_file(prefixed, "x.xlsx").rows == import_file(two_sheets, "x.xlsx").rows


def test_hours_to_twelve_and_literals() -> None:
    write = formatter('d/m/yy "at" h AM/PM')
    assert [write(45356.0), write(45356.5), write(45356.0)] == [
        "5/3/24 at 12 AM",
        "5/3/24 at 12 PM",
        "5/3/24 at 12 AM",
    ]
