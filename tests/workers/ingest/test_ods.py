"""OpenDocument workbooks: what cells show, and repeats that stand for more than may be read."""

import subprocess
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tests.fixtures.patience import PATIENCE_SECONDS
from workers.ingest.limits import Limits
from workers.ingest.readers.excel import read_excel
from workers.ingest.source import Row, Source
from workers.runtime.reporter import JobError

NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)
EMPTY_END = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'


def document(path: Path, *sheets: str, body: str = "spreadsheet", manifest: str = "<manifest/>") -> Path:
    tables = "".join(
        f'<table:table table:name="S{n}">{rows}</table:table>' for n, rows in enumerate(sheets, 1)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {NAMESPACES}><office:body><office:{body}>{tables}</office:{body}>'
            "</office:body></office:document-content>",
        )
    return path


def cell(text: str, repeated: int = 1, kind: str = "string", **values: str) -> str:
    told = "".join(f' office:{name.replace("_", "-")}="{value}"' for name, value in values.items())
    return (
        f'<table:table-cell table:number-columns-repeated="{repeated}" office:value-type="{kind}"{told}>'
        f"<text:p>{escape(text)}</text:p></table:table-cell>"
    )


def row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


HEADER = row(cell("text"), cell("label"))


def test_cells_say_what_they_show(import_file, tmp_path: Path) -> None:
    names = ("text", "share", "price", "day", "moment", "done", "broken")
    rich = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>A remark</text:p></office:annotation>'
        '<text:p>one<text:s text:c="2"/><text:span>two</text:span></text:p><text:p>three</text:p></table:table-cell>'
    )
    values = [
        cell("12,5 %", kind="percentage", value="0.125"),
        cell("3,00 €", kind="currency", value="3"),
        cell("01.05.24", kind="date", date_value="2024-05-01"),
        cell("01.05.24 09:30", kind="date", date_value="2024-05-01T09:30:00"),
        cell("WAHR", kind="boolean", boolean_value="true"),
        '<table:table-cell office:value-type="string" calcext:value-type="error" xmlns:calcext="x"><text:p>#DIV/0!</text:p></table:table-cell>',
    ]
    plain = row(cell("four"), *values)
    path = document(
        tmp_path / "a.ods", row(*map(cell, names)) + row(rich, *values) + row() + plain + EMPTY_END
    )
    imported = import_file(path, "a.ods")
    same = {
        "share": "12,5 %", "price": "3", "day": "2024-05-01", "moment": "2024-05-01 09:30:00", "done": "TRUE", "broken": None,
    }  # fmt: skip
    assert imported.rows == [
        {"__line": 2, "text": "one  two\nthree"} | same,
        {"__line": 4, "text": "four"} | same,
    ]


def test_repeated_rows_and_cells_are_read_as_often_as_they_stand_there(import_file, tmp_path: Path) -> None:
    rows = HEADER + row(cell("one"), cell("a")) + row(cell("two", 2), repeated=3) + EMPTY_END
    imported = import_file(document(tmp_path / "a.ods", row(cell("Cover")), rows), "a.ods")
    assert [(each["__line"], each["text"], each["label"]) for each in imported.rows] == [
        (2, "one", "a"), (3, "two", "two"), (4, "two", "two"), (5, "two", "two"),
    ]  # fmt: skip
    assert (imported.result.part, imported.result.parts) == ("S2", ["S1", "S2"])


def test_a_merged_cell_names_every_row_below_it(import_file, tmp_path: Path) -> None:
    spanned = '<table:table-cell table:number-rows-spanned="2"><text:p>a</text:p></table:table-cell>'
    covered = row(cell("two"), "<table:covered-table-cell/>")
    rows = HEADER + row(cell("one"), spanned) + covered + row(cell("three"), cell("b"))
    imported = import_file(document(tmp_path / "a.ods", rows), "a.ods")
    assert [each["label"] for each in imported.rows] == ["a", "a", "b"]


BILLION = 1_000_000_000


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        (HEADER + row(cell("x"), cell("a"), repeated=BILLION), "too_many_rows", "more rows than the limit of 5,000,000"),
        (HEADER + row(cell("x" * 100_000), cell("a"), repeated=1_000_000), "too_large", "larger than the limit of 4 GB"),
        (HEADER + row(cell("x", BILLION)), "too_many_columns", "1,000,000,000 columns"),
        (row(cell("x", BILLION), repeated=BILLION), "too_many_columns", "1,000,000,000 columns"),
        (HEADER + row(cell("x"), cell("a"), repeated=BILLION) * 1000, "too_many_rows", "more rows than the limit of 5,000,000"),
    ],
)  # fmt: skip
def test_repeats_are_refused_before_they_are_written_out(
    tmp_path: Path, rows: str, code: str, said: str
) -> None:
    path = document(tmp_path / "bomb.ods", rows)
    assert path.stat().st_size < 20_000
    child = (
        "import sys; from pathlib import Path; from workers.shared import memory; memory.bound(700 << 20)\n"
        "from workers.ingest.readers.excel import read_excel; from workers.ingest.source import Source\n"
        "from workers.runtime.reporter import JobError\n"
        "try: print(sum(1 for _ in read_excel(Source(Path(sys.argv[1]), 'bomb.ods'))))\n"
        "except JobError as error: print(error.code, error)"
    )
    command = [sys.executable, "-c", child, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS)
    assert done.stdout.startswith(code), done.stdout
    assert said in done.stdout


def test_cells_far_apart_cost_nothing(tmp_path: Path) -> None:
    gap = '<table:table-cell table:number-columns-repeated="16000"/>'
    path = document(tmp_path / "far.ods", row(cell("1")) + row(repeated=1_000_000) + row(gap, cell("1")))
    found = [each for each in read_excel(Source(path, "far.ods")) if isinstance(each, Row)]
    assert [(each.line, sorted(each.cells.values())) for each in found] == [
        (1, ["", "1"]),
        (1_000_002, ["", "1"]),
    ]


def test_what_the_archive_unpacks_to_is_known_before(tmp_path: Path) -> None:
    path = document(tmp_path / "bomb.ods", row() * 200_000)
    with pytest.raises(JobError) as refused:
        list(read_excel(Source(path, "bomb.ods", limits=Limits(unpacked_bytes=5_000_000))))
    assert refused.value.code == "too_large"


def test_reading_ends_in_time(tmp_path: Path) -> None:
    path = document(tmp_path / "long.ods", HEADER + row(cell("x"), cell("a")) * 10_000)
    with pytest.raises(JobError) as refused:
        list(read_excel(Source(path, "long.ods", limits=Limits(seconds=0))))
    assert refused.value.code == "too_slow"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"body": "text"}, "not_a_table"),
        ({"manifest": "<manifest><encryption-data/></manifest>"}, "locked_file"),
    ],
)
def test_what_is_no_open_workbook_is_told_so(tmp_path: Path, told: dict[str, str], code: str) -> None:
    path = document(tmp_path / "x.ods", HEADER + row(cell("x"), cell("a")), **told)
    with pytest.raises(JobError) as refused:
        list(read_excel(Source(path, "x.ods")))
    assert refused.value.code == code
