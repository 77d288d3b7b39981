"""Splits in the words that people use: compounds, marks in a column of yes and no, names of files and sheets."""

import io
import json
import zipfile
from collections import Counter
from itertools import product
from pathlib import Path

import openpyxl
import pytest

from workers.contracts.roles import Role
from workers.ingest.split_names import codes_of, names_splits
from workers.ingest.splits import TEST, TRAIN, VALIDATION

ROLES = {"question": "input", "answer": "target"}


def rows_with(column: str, values: list[str | None], count: int = 60) -> str:
    return "\n".join(
        json.dumps(
            {
                "question": f"When does shop {n} open?",
                "answer": f"At {n}.",
                column: values[n % len(values)],
            },
            ensure_ascii=False,
        )
        for n in range(count)
    )


@pytest.mark.parametrize("noun", ["daten", "datensatz", "set", "menge", "data", "_rows", " split", "Set"])
def test_what_follows_the_name_within_a_word_does_not_matter(noun: str) -> None:
    words = {
        TRAIN: ["Train", "Training", "Trainings", "Lern"],
        VALIDATION: ["Validierungs", "Dev", "Validation"],
        TEST: ["Test", "Prüf"],
    }
    for training, validation, test in product(*words.values()):
        values = {
            f"{training}{noun}": TRAIN,
            f"{validation}{noun}": VALIDATION,
            f"{test}{noun}": TEST,
        }
        assert codes_of("Datensatz", list(values)) == values
        assert names_splits("x", list(values))


@pytest.mark.parametrize(
    "values",
    [
        {"Training": TRAIN, "PublicTest": TEST, "PrivateTest": TEST},
        {"训练数据": TRAIN, "验证数据": VALIDATION, "测试数据": TEST},
        {"学習用": TRAIN, "検証用": VALIDATION, "テストデータ": TEST},
        {"학습용": TRAIN, "검증용": VALIDATION, "테스트용": TEST},
        {"обучающая": TRAIN, "валидационная": VALIDATION, "тестовая": TEST},
        {"entrenamiento": TRAIN, "validación": VALIDATION, "prueba": TEST},
    ],
)
@pytest.mark.parametrize("column", ["split", "usage", "Verwendung", "x"])
def test_other_languages_and_vendors(import_file, column: str, values: dict[str, int]) -> None:
    assert codes_of(column, list(values)) == values
    proposal = import_file(rows_with(column, list(values)), "x.jsonl").result.proposal
    assert proposal.roles == {"question": Role.INPUT, "answer": Role.TARGET, column: Role.SPLIT}


@pytest.mark.parametrize(
    "values", [(True, False), (1, 0), ("x", None), ("x", ""), ("yes", "no"), ("ja", "nein"), ("是", "否")]
)
@pytest.mark.parametrize(
    ("column", "marked", "other"),
    [
        ("train", "train", "test"),
        ("is_train", "train", "test"),
        ("used_for_training", "train", "test"),
        ("Trainingsset", "train", "test"),
        ("holdout", "test", "train"),
        ("test", "test", "train"),
        ("isTest", "test", "train"),
        ("test_set", "test", "train"),
        ("validation", "validation", "train"),
    ],
)
def test_a_mark_puts_rows_into_a_split(
    import_file, freeze_rows, column: str, marked: str, other: str, values: tuple[object, object]
) -> None:
    if column == "Trainingsset":
        column = "training set"
    yes, no = values
    held_out = [no, yes, yes, yes] if marked == "train" else [yes, no, no, no]
    text = rows_with(column, held_out)  # type: ignore[arg-type]
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.roles[column] is Role.SPLIT
    frozen = freeze_rows(text, "chat", ROLES | {column: "split"}, name="x.jsonl")
    marked_lines = {n + 1 for n in range(60) if held_out[n % 4] == yes}
    for row in frozen.rows:
        is_marked = row["line"] in marked_lines
        if marked == "train":
            assert (row["split"] == "test") != is_marked
        else:
            assert (row["split"] == marked) == is_marked or row["split"] == "test" != marked


@pytest.mark.parametrize(
    "columns",
    [
        {"train": "yes no", "bus": "no yes", "plane": "no no yes"},
        {"test": "x x", "score": "3 4"},
        {"set": "pirates castle city", "phase": "planning building"},
        {"training_hours": "3 4 5", "test_name": "blood urine"},
    ],
)
def test_columns_that_only_sound_like_splits_are_none(import_file, columns: dict[str, str]) -> None:
    cells = {name: values.split() for name, values in columns.items()}
    text = "\n".join(
        json.dumps(
            {"question": f"When does shop {n} open?", "answer": f"At {n}."}
            | {name: values[n % len(values)] for name, values in cells.items()}
        )
        for n in range(60)
    )
    assert Role.SPLIT not in import_file(text, "x.jsonl").result.proposal.roles.values()


def _zip(parts: dict[str, int], path: Path) -> Path:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, count in parts.items():
            rows = "".join(f"Parcel {name} {n} is late,{'ab'[n % 2]}\n" for n in range(count))
            archive.writestr(f"{name}.csv", "text,label\n" + rows)
    path.write_bytes(sink.getvalue())
    return path


def _workbook(parts: dict[str, int], path: Path) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, count in parts.items():
        sheet = workbook.create_sheet(name)
        sheet.append(["text", "label"])
        for n in range(count):
            sheet.append([f"Parcel {name} {n} is late", "ab"[n % 2]])
    workbook.save(path)
    return path


WRITERS = [(_zip, ".zip", ".csv"), (_workbook, ".xlsx", "")]


@pytest.mark.parametrize(("write", "ending", "suffix"), WRITERS)
@pytest.mark.parametrize(
    ("parts", "read", "unread"),
    [
        ({"orders": 60, "test": 24}, "orders", ["test"]),
        ({"orders": 60, "prices": 24}, "orders", []),
    ],
)
def test_test_data_in_another_part_is_named(
    import_file, tmp_path: Path, write, ending: str, suffix: str, parts, read: str, unread: list[str]
) -> None:
    imported = import_file(write(parts, tmp_path / f"d{ending}"), f"d{ending}").result
    assert imported.part == f"{read}{suffix}"
    said = [why for why in imported.proposal.why if "the name suggests test or validation data" in why]
    assert len(said) == bool(unread)
    for name in unread:
        assert f"“{name}{suffix}”" in said[0]


@pytest.mark.parametrize(("write", "ending", "suffix"), WRITERS)
@pytest.mark.parametrize(
    "parts",
    [
        {"train": 60, "test": 24},
        {"test": 60, "train": 24},
        {"Testdaten": 30, "Trainingsdaten": 24, "dev": 20},
        {"en_train": 60, "en_dev": 24},
        {"train": 30, "eval": 20, "test": 20},
    ],
)
def test_parts_named_after_splits_are_read_together(
    import_file, tmp_path: Path, write, ending: str, suffix: str, parts: dict[str, int]
) -> None:
    written = write(parts, tmp_path / f"d{ending}")
    imported = import_file(written, f"d{ending}")
    assert imported.result.proposal.roles == {"text": "input", "label": "label", "split": "split"}
    codes = codes_of("split", {row["split"] for row in imported.rows})
    rows = [(codes[row["split"]], row["text"]) for row in imported.rows]
    meant = codes_of("split", parts)
    expected = {
        (meant[name], f"Parcel {name} {n} is late") for name, count in parts.items() for n in range(count)
    }
    assert set(rows) == expected
    lines = [row["__line"] for row in imported.rows]
    assert lines == sorted(set(lines))
    assert imported.result.part == imported.result.parts[0]
    whole = import_file(written, f"d{ending}", part=imported.result.part)
    assert whole.rows == imported.rows
    name = next(iter(parts)) + suffix
    assert import_file(written, f"d{ending}", part=name).result.rows == next(iter(parts.values()))


def test_more_parts_than_a_column_of_splits_may_name(import_file, tmp_path: Path) -> None:
    imported = import_file(
        _zip({f"train-{n:02d}": 3 for n in range(30)} | {"test": 9}, tmp_path / "d.zip"), "d.zip"
    )
    assert imported.result.proposal.roles["split"] == "split"
    assert Counter(row["split"] for row in imported.rows) == {"train": 90, "test": 9}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("stage", "dev prod"), ("stage", "test production"), ("Verwendung", "Test Produktiv"), ("purpose", "training leisure"),
        ("usage", "test daily"), ("phase", "training operation"), ("stage", "Development Testing Deployment"), ("部门", "开发 测试"),
        ("val", "0 1"), ("held", "0 1"), ("dev", "0 1"), ("dataset", "test dev"),
    ],
)  # fmt: skip
def test_other_columns_are_no_splits(column: str, values: str) -> None:
    assert not names_splits(column, values.split())


@pytest.mark.parametrize(
    ("column", "values"),
    [("stage", "train test"), ("purpose", "training validation test"), ("split", "test validation"), ("fold", "dev test"), ("is_val", "0 1")],
)  # fmt: skip
def test_splits_are_known_by_their_training_rows_or_their_name(column: str, values: str) -> None:
    assert names_splits(column, values.split())
