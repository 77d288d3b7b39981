"""A text with too many rows is refused before its rows are converted."""

import gzip

import pytest

from workers.ingest import parse, row_count
from workers.runtime.reporter import JobError

LIMIT = 1_000


def _csv(rows: int) -> str:
    return "text,label\n" + "".join(f"some text {number},{number % 3}\n" for number in range(rows))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("many.csv", _csv(LIMIT + 1)),
        ("many.tsv", _csv(LIMIT + 1).replace(",", "\t")),
        ("many.csv.gz", gzip.compress(_csv(20 * LIMIT).encode())),
        ("many.jsonl", '{"text": "a", "label": "b"}\n' * (LIMIT + 1)),
        ("many.csv", _csv(LIMIT + 1).replace("\n", "\r")),
    ],
)
def test_too_many_rows_are_refused_before_one_is_kept(import_file, monkeypatch, name, content) -> None:
    def keep(*_: object) -> None:
        raise AssertionError("a row was converted")

    monkeypatch.setattr(parse, "_place", keep)
    with pytest.raises(JobError) as refused:
        import_file(content, name, max_rows=LIMIT)
    assert refused.value.code == "too_many_rows"


def test_reading_stops_at_the_first_row_beyond_the_limit(import_file, monkeypatch) -> None:
    read = []
    counted = row_count.count

    def noting(start: int):  # type: ignore[no-untyped-def]
        for number in counted(start):
            read.append(number)
            yield number

    monkeypatch.setattr(row_count, "count", noting)
    with pytest.raises(JobError):
        import_file(_csv(50 * LIMIT), max_rows=LIMIT)
    assert read[-1] == LIMIT + 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_more_lines_than_rows_are_no_reason_to_refuse(import_file, end: str) -> None:
    """Cells of several lines and blank lines: notes and counts are those of one reading."""
    rows = [f'"first{end}second {number}",{number % 3}{end}{end}' for number in range(LIMIT)]
    once = import_file(f"text,label{end}" + "".join(rows), max_rows=10 * LIMIT).result
    found = import_file(f"text,label{end}" + "".join(rows), max_rows=LIMIT).result
    assert (found.rows, found.rejected, found.blank) == (LIMIT, 0, LIMIT)
    assert found == once
