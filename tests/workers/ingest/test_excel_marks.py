"""What a workbook no longer means: hidden sheets and rows that are struck through; and headers of two rows."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

Rows = list[list[Any]]


def workbook(fill: Callable[[Any, Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book, book.active)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def pairs(count: int, mark: str = "") -> Rows:
    return [
        ["Question", "Answer"],
        *([f"{mark}Where is order {n}?", f"{mark}In shop {n}."] for n in range(count)),
    ]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
@pytest.mark.parametrize("chosen", ["", "old"])
def test_a_hidden_sheet_is_read_where_a_person_chooses_it(import_file, state: str, chosen: str) -> None:
    def fill(book: Any, sheet: Any) -> None:
        for row in pairs(40):
            sheet.append(row)
        old = book.create_sheet("old")
        old.sheet_state = state
        for row in pairs(100, "OLD "):
            old.append(row)

    imported = import_file(workbook(fill), "x.xlsx", **({"part": chosen} if chosen else {}))
    assert (len(imported.rows), imported.result.part) == ((100, "old") if chosen else (40, "Sheet"))
    assert ("Hidden sheets are not read: “old”." in imported.result.proposal.why) is not bool(chosen)
    assert ("The sheet “old” is hidden in the workbook." in imported.result.proposal.why) is bool(chosen)
    assert imported.result.parts == ["Sheet", "old"]


def test_rows_that_are_struck_through_are_not_learned(import_file) -> None:
    def fill(book: Any, sheet: Any) -> None:
        for number, row in enumerate(pairs(40)):
            sheet.append(row)
            for cell in sheet[sheet.max_row] if number and number % 4 == 0 else sheet[sheet.max_row][:1]:
                cell.font = Font(strike=number > 0, bold=True)
        sheet.row_dimensions[7].hidden = True

    imported = import_file(workbook(fill), "x.xlsx")
    assert [row["line"] for row in imported.rejected] == [5, 9, 13, 17, 21, 25, 29, 33, 37, 41]
    assert {row["reason"] for row in imported.rejected} == {"The row is struck through in the workbook"}
    assert len(imported.rows) == 30
    assert "Hidden rows of the workbook were read too: 1." in imported.result.proposal.why


@pytest.mark.parametrize(
    ("band", "names"),
    [
        (["", "Request", "", "Reply"], ["no", "question", "city", "answer"]),
        (["Customer", "", "", "Desk"], ["Question", "Language", "Date", "Answer"]),
        (["", "Model A", "", ""], ["Category", "Question", "Answer", "Score"]),
    ],
)
def test_a_row_that_names_groups_of_columns_stands_above_the_header(
    import_file, band: list[str], names: list[str]
) -> None:
    rows = [band, names, *([n, f"Where is order {n}?", "Porto", f"In shop {n}."] for n in range(40))]

    def fill(book: Any, sheet: Any) -> None:
        for row in rows:
            sheet.append(row)
        sheet.merge_cells("B1:C1")

    as_text = "\n".join(",".join(map(str, row)) for row in rows)
    for imported in (import_file(workbook(fill), "x.xlsx"), import_file(as_text)):
        assert [column.name for column in imported.result.columns] == names
        assert [row["reason"] for row in imported.rejected] == ["The line is above the table header"]
        assert len(imported.rows) == 40


@pytest.mark.parametrize(
    "rows",
    [
        [["question", "answer", ""], ["What is a label?", "A class.", "x"]],
        [["text", "label"], ["label", "text"]],
        [["", "question", "answer"], ["1", "title", "text"]],
    ],
)
def test_a_header_with_gaps_above_rows_stays_the_header(import_file, rows: Rows) -> None:
    more = [
        [*rows[0][:0], *(f"Cell {n} of the {name or 'last'} column" for name in rows[0])] for n in range(40)
    ]
    imported = import_file("\n".join(",".join(row) for row in [*rows, *more]))
    assert len(imported.rows) == 41
    assert imported.rejected == []
