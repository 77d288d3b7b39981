"""Every record of a file ends in exactly one place, whatever the file holds."""

import csv
import io
import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workers.ingest.splits import normalized_input
from workers.runtime.reporter import JobError

RELAXED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t", exclude_characters="\ufdd0"),
    max_size=30,
)


def physical_lines(text: str) -> list[str]:
    return io.StringIO(text, newline="").readlines()


@RELAXED
@given(cells=st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=20))
def test_well_written_csv_comes_back_cell_by_cell(import_file, cells: list[tuple[str, str, str]]) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(["text", "label", "note"])
    lines = []
    for row in cells:
        lines.append(len(physical_lines(buffer.getvalue())) + 1)
        writer.writerow(row)
    empty = [line for line, row in zip(lines, cells, strict=True) if not any(cell.strip() for cell in row)]
    if len(empty) == len(cells):
        return
    imported = import_file(buffer.getvalue())
    assert [reject["line"] for reject in imported.rejected] == empty
    expected = {
        line: tuple(cell if cell.strip() else None for cell in row)
        for line, row in zip(lines, cells, strict=True)
        if line not in empty
    }
    assert {row["__line"]: (row["text"], row["label"], row["note"]) for row in imported.rows} == expected


@RELAXED
@example(lines=["|", "|", "|", ";|\\", ",,|"])
@example(lines=["c,d", '""', "e,f"])
@given(lines=st.lists(st.text('ab,;"\t \\|é', min_size=1, max_size=12), min_size=1, max_size=30))
def test_any_csv_accounts_for_each_physical_line_once(import_file, lines: list[str]) -> None:
    physical = ["text,label", "first,a", "second,b", *lines]
    try:
        imported = import_file("\n".join(physical) + "\n")
    except JobError as error:
        assert error.code == "no_rows"
        return
    starts = sorted([row["__line"] for row in imported.rows] + [row["line"] for row in imported.rejected])
    assert len(starts) == len(set(starts)), "a line began two records"
    for line in set(range(2, len(physical) + 1)) - set(starts):
        if not physical[line - 1].strip(" \t,;|"):  # blank, and counted as such
            continue
        begun = max((start for start in starts if start < line), default=1)
        assert '"' in physical[begun - 1], f"line {line} is lost: no quoted cell of line {begun} can hold it"


values = st.one_of(st.none(), st.booleans(), st.integers(), texts, st.lists(texts, max_size=2))
records = st.one_of(
    st.dictionaries(st.sampled_from(["a", "b", "c", "text"]), values, max_size=3).map(json.dumps),
    st.text('{}[]":,ab1 ', min_size=1, max_size=15),
)


@RELAXED
@given(lines=st.lists(records, min_size=1, max_size=30))
def test_any_jsonl_accounts_for_each_line_once(import_file, lines: list[str]) -> None:
    filled = [number for number, line in enumerate(['{"text": "x"}', *lines], start=1) if line.strip()]
    imported = import_file("\n".join(['{"text": "x"}', *lines]), "x.jsonl")
    if imported.result.format != "jsonl":
        return
    places = [row["__line"] for row in imported.rows] + [reject["line"] for reject in imported.rejected]
    assert sorted(places) == filled


@RELAXED
@given(data=st.binary(max_size=400))
def test_no_bytes_cause_anything_but_rows_or_a_plain_error(import_file, data: bytes) -> None:
    try:
        imported = import_file(data)
    except JobError as error:
        assert len(error.message) > 20
    else:
        assert imported.result.rows == len(imported.rows) > 0


@given(texts)
def test_normalizing_twice_changes_nothing(text: str) -> None:
    assert normalized_input(normalized_input(text)) == normalized_input(text)
