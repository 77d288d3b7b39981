"""Parquet and Arrow: binary columns, names of labels, and every type that a column can have."""

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workers.runtime.reporter import JobError

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
TEXTS = [f"My parcel {n} is late" for n in range(60)]
LABELS = [n % 3 for n in range(60)]
NAMES = ["delivery", "payment", "returns"]


def write(table: pa.Table, path: Path, kind: str) -> Path:
    if kind == "parquet":
        pq.write_table(table, path)
        return path
    options = {"file": pa.ipc.new_file, "stream": pa.ipc.new_stream}[kind]
    with pa.OSFile(str(path), "wb") as sink, options(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=25)
    return path


@pytest.fixture(params=["parquet", "file", "stream"])
def import_table(request: pytest.FixtureRequest, tmp_path: Path, import_file) -> Any:
    def run(table: pa.Table) -> Any:
        return import_file(write(table, tmp_path / "typed", request.param), f"typed.{request.param}")

    return run


@pytest.mark.parametrize(
    "binary",
    [
        [PNG] * 60,
        [PNG, None] * 30,
        [{"bytes": PNG, "path": "a.png"}] * 60,
        [[PNG]] * 60,
    ],
)
def test_a_binary_column_costs_itself_only(import_table, binary: list[Any]) -> None:
    imported = import_table(pa.table({"text": TEXTS, "thumbnail": binary, "label": NAMES * 20}))
    assert (imported.result.rows, imported.result.rejected) == (60, 0)
    assert [column.name for column in imported.result.columns] == ["text", "label"]
    assert "The column “thumbnail” was skipped" in imported.result.proposal.why[0]


def test_text_that_is_typed_as_binary_is_text(import_table) -> None:
    imported = import_table(pa.table({"text": [text.encode() for text in TEXTS]}))
    assert [row["text"] for row in imported.rows] == TEXTS


def test_nothing_but_binary_data_is_told(import_table) -> None:
    with pytest.raises(JobError, match="Every column of this file contains binary data"):
        import_table(pa.table({"image": [PNG] * 3}))


@pytest.mark.parametrize(
    ("feature", "labels", "seen"),
    [
        ({"names": NAMES, "_type": "ClassLabel"}, LABELS, "delivery"),
        ({"feature": {"names": NAMES, "_type": "ClassLabel"}, "_type": "Sequence"}, [[n] for n in LABELS], "delivery"),
        ([{"names": NAMES, "_type": "ClassLabel"}], [[n, 1] for n in LABELS], '["delivery", "payment"]'),
        ({"dtype": "int64", "_type": "Value"}, LABELS, "0"),
    ],
)  # fmt: skip
def test_names_of_labels_are_used(import_table, feature: Any, labels: list[Any], seen: str) -> None:
    told = {"info": {"features": {"text": {"dtype": "string", "_type": "Value"}, "label": feature}}}
    table = pa.table({"text": TEXTS, "label": labels})
    imported = import_table(table.replace_schema_metadata({"huggingface": json.dumps(told)}))
    assert imported.rows[0]["label"] == seen


def test_a_label_of_minus_one_is_none(import_table) -> None:
    told = {"info": {"features": {"label": {"names": NAMES, "_type": "ClassLabel"}}}}
    table = pa.table({"text": TEXTS[:3], "label": [-1, 2, 7]})
    imported = import_table(table.replace_schema_metadata({"huggingface": json.dumps(told)}))
    assert [row["label"] for row in imported.rows] == [None, "returns", None]


def test_categories_are_their_names(import_table) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array(LABELS, pa.int8()), pa.array(NAMES))
    assert import_table(pa.table({"text": TEXTS, "label": column})).rows[4]["label"] == "payment"


MADRID = datetime.datetime(2024, 3, 5, 9, 30, tzinfo=datetime.UTC)
CELLS: list[tuple[pa.Array, Any]] = [
    (pa.array([decimal.Decimal("12.50")]), "12.50"),
    (pa.array([MADRID.replace(tzinfo=None)], pa.timestamp("us")), "2024-03-05 09:30:00"),
    (pa.array([MADRID], pa.timestamp("ns", "UTC")), "2024-03-05 09:30:00Z"),
    (pa.array([datetime.time(9, 30)], pa.time64("us")), "09:30:00"),
    (pa.array([datetime.date(2024, 3, 5)]), "2024-03-05"),
    (pa.array([datetime.timedelta(minutes=90)], pa.duration("s")), "1:30:00"),
    (pa.array([["a", "b"]]), '["a", "b"]'),
    (pa.array([[("low", "1"), ("high", "9")]], pa.map_(pa.string(), pa.string())), '{"low": "1", "high": "9"}'),
    (pa.array([4.0]), "4"),
    (pa.array([0.1], pa.float32()), "0.1"),
    (pa.array([float("nan")]), None),
    (pa.array([True]), "true"),
    (pa.nulls(1), None),
]  # fmt: skip


@pytest.mark.parametrize(("column", "seen"), CELLS)
def test_cells_of_every_type(import_table, column: pa.Array, seen: str | None) -> None:
    imported = import_table(pa.table({"text": ["a"], "cell": column}))
    assert imported.rows[0]["cell"] == seen


def test_a_struct_of_texts_is_a_column_for_each(import_table) -> None:
    pairs = [{"en": text, "id": f"Paket {n} terlambat"} for n, text in enumerate(TEXTS)]
    imported = import_table(pa.table({"id": list(range(60)), "translation": pairs}))
    assert imported.rows[1]["translation.id"] == "Paket 1 terlambat"
    assert [column.name for column in imported.result.columns] == ["id", "translation.en", "translation.id"]


def test_an_answer_with_its_place_is_its_text(import_table) -> None:
    answers = [{"text": ["3"], "answer_start": [10]}] * 60
    assert import_table(pa.table({"text": TEXTS, "answers": answers})).rows[0]["answers"] == "3"


def test_a_struct_with_other_lists_stays_as_it_is(import_table) -> None:
    marks = [{"places": [3], "kinds": ["city"]}] * 60
    rows = import_table(pa.table({"text": TEXTS, "marks": marks})).rows
    assert json.loads(rows[0]["marks"]) == marks[0]


def test_a_cut_arrow_stream_is_told(import_file, tmp_path: Path) -> None:
    whole = write(pa.table({"text": TEXTS}), tmp_path / "typed", "stream").read_bytes()
    with pytest.raises(JobError, match="This Arrow file cannot be read"):
        import_file(whole[:-900], "x.arrow")
