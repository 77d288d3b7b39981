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

from apps.datasets.services import start_import
from apps.jobs.models import Job, State
from workers.contracts.events import Failed, parse_event
from workers.ingest.readers import excel
from workers.ingest.source import Source
from workers.runtime.reporter import JobError
from workers.runtime.supervisor import supervise

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


def workbook(path: Path, cells: str) -> Path:
    """A workbook whose only sheet holds these cells, as XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", SHEET.format(cells))
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


def test_what_an_archive_unpacks_to_is_counted_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "_UNPACKED_LIMIT", 5_000_000)
    path = workbook(tmp_path / "bomb.xlsx", "<row/>" * 2_000_000)
    assert path.stat().st_size < 100_000
    lie(path, "xl/worksheets/sheet1.xml", 1000)
    with pytest.raises(JobError) as refused:
        list(excel.read_excel(Source(path, "bomb.xlsx")))
    assert refused.value.code == "too_large"


def test_a_workbook_that_is_as_large_as_it_says_is_read(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row><row r="2"><c r="A2"><v>7</v></c></row>'
    path = workbook(tmp_path / "small.xlsx", cells)
    assert [row.cells for row in excel.read_excel(Source(path, "small.xlsx"))] == [{"a": "7"}]  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_cells_far_apart_fail_in_words(tmp_path: Path, owner: Any, workspace: Any) -> None:
    content = far_apart(tmp_path / "far.xlsx").read_bytes()
    made = start_import(actor=owner, workspace=workspace, filename="far.xlsx", chunks=[content])
    supervise(str(made.job_id))
    job = Job.objects.get(pk=made.job_id)
    assert (job.state, job.error_code) == (State.FAILED, "too_large"), job.error_message
    assert "Save it as CSV" in job.error_message


def test_a_parquet_file_of_one_long_text_repeated_does_not_take_the_machine(tmp_path: Path) -> None:
    long = pa.array(["x" * 16_000_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), long)
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"text": column}), path, compression="zstd")
    assert path.stat().st_size < 1_000_000
    spec = tmp_path / "spec.json"
    spec.write_text(
        json.dumps({"inputs": {"source": str(path)}, "work": str(tmp_path / "w"), "filename": path.name})
    )
    child = (
        "from workers.runtime import memory; memory.bound(2 << 30);"
        "from workers.ingest import parse; parse.run_child(parse.ImportSpec, parse.run)"
    )
    done = subprocess.run([sys.executable, "-c", child, str(spec)], capture_output=True, check=False)
    last = parse_event(done.stdout.splitlines()[-1])
    assert isinstance(last, Failed), done.stderr
    assert last.user_error
    assert last.code in ("too_large", "damaged_file")
