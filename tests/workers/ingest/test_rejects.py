"""Rejected rows keep the code and the parameters of their reason, and are counted by them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.texts import Text
from workers.ingest.rejects import RejectedWriter, merge_rejects, most_frequent


def written(path: Path, *reasons: Text) -> Path:
    with RejectedWriter(path) as rejected:
        for line, reason in enumerate(reasons, start=1):
            rejected.add(line, reason, "…")
    return path


def old(path: Path, *reasons: str) -> Path:
    """As earlier releases wrote them."""
    lines = list(range(1, len(reasons) + 1))
    pq.write_table(pa.table({"line": lines, "reason": list(reasons), "text": ["…"] * len(lines)}), path)
    return path


def test_a_reason_is_stored_as_code_and_parameters(tmp_path: Path) -> None:
    row = pq.read_table(
        written(tmp_path / "r.parquet", Text("files.cell_too_large", bytes=2000, most=1000))
    ).to_pylist()[0]
    assert row["reason"] == "The cell is too large (2,000 of at most 1,000 bytes)"
    assert (row["code"], json.loads(row["params"])) == ("files.cell_too_large", {"bytes": 2000, "most": 1000})


def test_reasons_are_counted_without_their_numbers_and_old_files_by_their_english(tmp_path: Path) -> None:
    named = [Text("conversations.unknown_role", name=name) for name in ("ann", "bob", "bob")]
    sized = [Text("files.cell_too_large", bytes=size, most=1000) for size in (2000, 3000, 4000, 5000)]
    alike = [Text("rows.duplicate", line=line) for line in (1, 2)]
    new = written(tmp_path / "new.parquet", *named, *sized, *alike)
    parts = [new, old(tmp_path / "old.parquet", "All cells are empty", "All cells are empty")]
    total, reasons = merge_rejects(parts, tmp_path / "all.parquet", tmp_path)
    assert total == 11
    assert reasons == {
        "The cell is too large (… of at most … bytes)": 4,
        "Duplicate of another line": 2,
        "All cells are empty": 2,
        "The role “bob” is not supported. Use system, user or assistant": 2,
        "The role “ann” is not supported. Use system, user or assistant": 1,
    }
    codes = {reason.code for reason in reasons}
    assert codes == {"files.cell_too_large", "rows.group_duplicate", "", "conversations.unknown_role"}


def test_the_most_frequent_reason_is_said(tmp_path: Path) -> None:
    empty = Text("files.row_empty")
    said = most_frequent(written(tmp_path / "r.parquet", empty, empty, Text("rows.label_nested")))
    assert said.startswith("Rejected rows: 3. Most frequent reason, in 2 of them: All cells are empty.")
    assert most_frequent(written(tmp_path / "none.parquet")) == ""
    assert most_frequent(tmp_path / "missing.parquet") == ""


def test_numbers_within_a_text_are_left_aside_too_however_many_there_are(tmp_path: Path) -> None:
    def too_large(size: int) -> Text:
        return Text(
            "files.field_problem", field="text", problem=Text("files.cell_too_large", bytes=size, most=1000)
        )

    broken = [Text("readers.json_invalid", error="Expecting value", character=n) for n in range(1, 151)]
    new = written(tmp_path / "new.parquet", *map(too_large, range(2000, 2150)), *broken)
    _total, reasons = merge_rejects([new], tmp_path / "all.parquet", tmp_path)
    assert reasons == {
        "text: The cell is too large (… of at most … bytes)": 150,
        "Not valid JSON: Expecting value (character …)": 150,
    }


def test_names_with_numbers_and_quotes_stay_as_they_are(tmp_path: Path) -> None:
    names = ['say "a": 5', "row 7"]
    new = written(
        tmp_path / "new.parquet", *(Text("conversations.unknown_role", name=name) for name in names)
    )
    _total, reasons = merge_rejects([new], tmp_path / "all.parquet", tmp_path)
    assert sorted(reason.params["name"] for reason in reasons) == sorted(names)


def test_many_reasons_of_an_earlier_release_stay_apart(tmp_path: Path) -> None:
    said = [f"Row {n} holds nothing" for n in range(200)] + ["All cells are empty"] * 3
    _total, reasons = merge_rejects(
        [old(tmp_path / "old.parquet", *said)], tmp_path / "all.parquet", tmp_path
    )
    assert reasons == {"Row … holds nothing": 200, "All cells are empty": 3}


def test_a_code_of_another_release_keeps_its_english(tmp_path: Path) -> None:
    gone = Text.parse({"code": "rows.gone", "params": {"n": 1}, "text": "Gone."})
    _total, reasons = merge_rejects(
        [written(tmp_path / "n.parquet", gone)], tmp_path / "all.parquet", tmp_path
    )
    assert reasons == {"Gone.": 1}
