"""Small files that unpack to more than a machine has cost their own import, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workers.contracts.events import Failed, parse_event
from workers.ingest.limits import Limits
from workers.ingest.readers import excel
from workers.ingest.readers.arrow import read_arrow
from workers.ingest.readers.parquet import read_parquet
from workers.ingest.source import Source
from workers.runtime.reporter import JobError

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(path: Path, cells: str, texts: list[str] | None = None) -> Path:
    """A workbook whose only sheet holds these cells, as XML; `texts` are those that cells share."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", SHEET.format(cells))
        if texts:
            items = "".join(f"<si><t>{text}</t></si>" for text in texts)
            archive.writestr("xl/sharedStrings.xml", f"<sst>{items}</sst>")
    return path


def far_apart(path: Path) -> Path:
    """Two cells in opposite corners: as a table these are seventeen thousand million."""
    rows = (("A1", 1), ("XFD1048576", 1048576))
    cells = "".join(f'<row r="{row}"><c r="{at}"><v>1</v></c></row>' for at, row in rows)
    return workbook(path, cells)


def lie(path: Path, name: str, size: int) -> None:
    """Let the archive say that a member unpacks to `size` bytes."""
    with zipfile.ZipFile(path) as archive:
        said = archive.getinfo(name).file_size
    path.write_bytes(path.read_bytes().replace(said.to_bytes(4, "little"), size.to_bytes(4, "little")))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo(name).file_size == size


def test_what_an_archive_unpacks_to_is_known_before_it_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "bomb.xlsx", "<row/>" * 2_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(JobError) as refused:
        list(excel.read_excel(Source(path, "bomb.xlsx", limits=Limits(unpacked_bytes=5_000_000))))
    assert refused.value.code == "too_large"


def test_an_archive_that_says_less_than_it_holds_is_not_believed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "bomb.xlsx", "<row/>" * 2_000_000)
    lie(path, "xl/worksheets/sheet1.xml", 1000)
    with pytest.raises(JobError) as refused:
        list(excel.read_excel(Source(path, "bomb.xlsx", limits=Limits(unpacked_bytes=5_000_000))))
    assert refused.value.code == "damaged_file"


def test_a_workbook_that_is_as_large_as_it_says_is_read(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row><row r="2"><c r="A2"><v>7</v></c></row>'
    path = workbook(tmp_path / "small.xlsx", cells)
    assert [row.cells for row in excel.read_excel(Source(path, "small.xlsx"))] == [{"a": "7"}]  # type: ignore[union-attr]


def test_cells_far_apart_cost_nothing(tmp_path: Path) -> None:
    rows = list(excel.read_excel(Source(far_apart(tmp_path / "far.xlsx"), "far.xlsx")))
    assert [sorted(row.cells.values()) for row in rows] == [["", "1"], ["", "1"]]  # type: ignore[union-attr]


def test_one_text_that_a_million_cells_share_is_bounded(tmp_path: Path) -> None:
    cells = "".join(f'<row r="{row}">' + '<c t="s"><v>0</v></c>' * 50 + "</row>" for row in range(1, 20_001))
    path = workbook(tmp_path / "shared.xlsx", cells, texts=["x" * 30_000, "y"])
    assert path.stat().st_size < 200_000
    done = imported(path, tmp_path, max_unpacked_bytes=100_000_000)
    assert (done.code, "larger than the limit of 95 MB" in done.message) == ("too_large", True)


def test_entities_do_not_multiply(tmp_path: Path) -> None:
    path = workbook(tmp_path / "laughs.xlsx", '<row><c t="str"><v>&a;</v></c></row>')
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    declared = '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + sheet
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", declared)
    with pytest.raises(JobError, match="declares a document type"):
        list(excel.read_excel(Source(path, "laughs.xlsx")))


def imported(path: Path, tmp_path: Path, **limits: Any) -> Failed:
    """How a child ends that may hold 700 MB and imports the file."""
    spec = tmp_path / "spec.json"
    told = {"inputs": {"source": str(path)}, "work": str(tmp_path / "w"), "filename": path.name}
    spec.write_text(json.dumps(told | limits))
    child = (
        "from workers.shared import memory; memory.bound(700 << 20);"
        "from workers.ingest import parse; parse.run_child(parse.ImportSpec, parse.run)"
    )
    done = subprocess.run([sys.executable, "-c", child, str(spec)], capture_output=True, check=False)
    last = parse_event(done.stdout.splitlines()[-1])
    assert isinstance(last, Failed), done.stderr
    assert last.user_error
    return last


def test_rows_of_a_parquet_file_are_counted_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("its rows are read")

    monkeypatch.setattr("workers.ingest.readers.parquet._batches", read)
    path = tmp_path / "rows.parquet"
    with pq.ParquetWriter(path, pa.schema([("text", pa.string())]), compression="zstd") as writer:
        for _ in range(6):
            writer.write_table(pa.table({"text": pa.nulls(1_000_000, pa.string())}))
    assert path.stat().st_size < 20_000
    with pytest.raises(JobError) as refused:
        list(read_parquet(Source(path, path.name)))
    assert refused.value.code == "too_many_rows"
    assert "more rows than the limit of 5,000,000" in refused.value.message


@pytest.mark.parametrize("write", [pa.ipc.new_file, pa.ipc.new_stream])
def test_rows_of_an_arrow_file_are_counted(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "rows.arrow"
    table = pa.table({"nothing": pa.nulls(60_000_000)})
    with pa.OSFile(str(path), "wb") as sink, write(sink, table.schema) as writer:
        writer.write_table(table)
    assert path.stat().st_size < 10_000
    with pytest.raises(JobError) as refused:
        list(read_arrow(Source(path, path.name)))
    assert refused.value.code == "too_many_rows"


def test_an_arrow_dictionary_is_not_multiplied_in_memory(tmp_path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 900_000]))
    path = tmp_path / "bomb.arrow"
    table = pa.table({"text": column})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    assert path.stat().st_size < 100_000
    assert imported(path, tmp_path, max_unpacked_bytes=1 << 30).code == "too_large"


@pytest.mark.parametrize("is_read_as_dictionary", [True, False])
def test_a_parquet_file_of_one_long_text_repeated_does_not_take_the_machine(
    tmp_path: Path, is_read_as_dictionary: bool
) -> None:
    long = pa.array(["x" * 16_000_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), long)
    path = tmp_path / "bomb.parquet"
    table = pa.table({"text": column})
    pq.write_table(table, path, compression="zstd", store_schema=is_read_as_dictionary)
    assert path.stat().st_size < 1_000_000
    assert imported(path, tmp_path).code == "too_large"


def test_parquet_rows_are_read_in_batches_of_what_they_expand_to(tmp_path: Path) -> None:
    """750 MB of text that 100 kB stand for, short texts first: read within the limits, it is no bomb."""
    texts = pa.array(["short", "x" * 500_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 500 + [1] * 1_500, pa.int32()), texts)
    path = tmp_path / "late.parquet"
    pq.write_table(pa.table({"text": column}), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 100_000
    child = (
        "import sys; from pathlib import Path; from workers.shared import memory; memory.bound(700 << 20)\n"
        "from workers.ingest.readers.parquet import read_parquet; from workers.ingest.source import Source\n"
        "print(sum(len(row.cells['text']) for row in read_parquet(Source(Path(sys.argv[1]), 'late.parquet'))))"
    )
    done = subprocess.run([sys.executable, "-c", child, str(path)], capture_output=True, check=False)
    assert done.stdout.split() == [b"750002500"], done.stderr


def test_reading_ends_in_time(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("text,label\n" + "late,a\n" * 2_000_000)
    refused = imported(path, tmp_path, max_seconds=1)
    assert (refused.code, "longer than" in refused.message) == ("too_slow", True)
