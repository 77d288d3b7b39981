"""Workbooks and Parquet files."""

import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workers.runtime.reporter import JobError


def test_excel_reads_the_first_filled_sheet_with_its_row_numbers(import_file, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Tickets")
    for cells in (
        ["text", "label", "count", "day"],
        ["你好", "greeting", 3, datetime.date(2024, 5, 1)],
        [],
        ["bye", "farewell", 2.5],
    ):
        sheet.append(cells)
    book.save(tmp_path / "book.xlsx")
    imported = import_file(tmp_path / "book.xlsx", "book.xlsx")
    assert imported.rows[0] == {
        "__line": 2,
        "text": "你好",
        "label": "greeting",
        "count": "3",
        "day": "2024-05-01",
    }
    assert (imported.rows[1]["__line"], imported.rows[1]["count"], imported.rows[1]["day"]) == (
        4,
        "2.5",
        None,
    )
    assert any("Tickets" in why for why in imported.result.proposal.why)


def test_the_fullest_sheet_is_read_and_not_its_cover(import_file, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (["Tickets of 2024"], ["Written by Ana"], ["See the next sheet."]):
        workbook.active.append(row)
    sheet = workbook.create_sheet("Tickets")
    for row in (["text", "label"], ["one", "a"], ["two", "b"], ["three", "a"]):
        sheet.append(row)
    workbook.save(tmp_path / "covered.xlsx")
    imported = import_file(tmp_path / "covered.xlsx", "covered.xlsx")
    assert [row["text"] for row in imported.rows] == ["one", "two", "three"]
    assert "2 sheets. Only the fullest, “Tickets”, was read" in imported.result.proposal.why[0]


def test_a_title_stands_above_the_header(import_file, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (["Tickets of May"], [], ["text", "label"], ["one", "a"], ["two", "b"], ["three", "a"]):
        workbook.active.append(row)
    workbook.save(tmp_path / "titled.xlsx")
    imported = import_file(tmp_path / "titled.xlsx", "titled.xlsx")
    assert [(row["__line"], row["text"]) for row in imported.rows] == [(4, "one"), (5, "two"), (6, "three")]
    assert [(reject["line"], reject["text"]) for reject in imported.rejected] == [(1, "Tickets of May")]


def test_an_empty_workbook(import_file, tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    with pytest.raises(JobError) as caught:
        import_file(tmp_path / "empty.xlsx", "empty.xlsx")
    assert caught.value.code == "empty_file"


def test_parquet_values_become_text(import_file, tmp_path: Path) -> None:
    turns = [[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}], None]
    table = pa.table(
        {
            "text": ["a", None],
            "n": [1, 2],
            "when": [datetime.date(2024, 5, 1), None],
            "turns": turns,
            "raw": [b"x", b"\xff"],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    imported = import_file(tmp_path / "x.parquet", "x.parquet")
    assert imported.rows == [
        {"__line": 1, "text": "a", "n": "1", "when": "2024-05-01", "raw": "x",
         "turns": '[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]'}
    ]  # fmt: skip
    assert imported.rejected[0]["line"] == 2
    assert [column.name for column in imported.result.columns if column.is_messages] == ["turns"]


def test_a_cut_parquet_file(import_file, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": ["x"] * 1000}), tmp_path / "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    with pytest.raises(JobError) as caught:
        import_file(whole[:-20], "x.parquet")
    assert caught.value.code == "damaged_file"
