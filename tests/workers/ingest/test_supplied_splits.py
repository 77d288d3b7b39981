"""Splits that a file brings along are followed: by a column, by lists named after splits, or as a test set alone."""

import json
from collections import Counter

import pytest

from workers.contracts.roles import Role
from workers.contracts.tasks import TaskName
from workers.ingest.split_names import codes_of, names_splits
from workers.ingest.splits import TEST, TRAIN, VALIDATION
from workers.runtime.reporter import JobError

LABELLED = {"text": "input", "label": "label"}
SPLIT = LABELLED | {"split": "split"}
LABELS = ("delivery", "payment", "returns")


def table(*splits: tuple[str, int], column: str = "split") -> str:
    """CSV rows with text, label and split; every text is different."""
    rows = [
        f"order {name} {n} went wrong,{LABELS[n % 3]},{name}" for name, count in splits for n in range(count)
    ]
    return "\n".join([f"text,label,{column}", *rows]) + "\n"


@pytest.mark.parametrize(
    ("column", "meanings"),
    [
        ("split", {"train": TRAIN, "validation": VALIDATION, "test": TEST}),
        ("split", {"Training": TRAIN, "DEV": VALIDATION, "Test ": TEST}),
        ("set", {"trn": TRAIN, "val": VALIDATION, "tst": TEST}),
        ("ml_use", {"TRAIN": TRAIN, "VALIDATE": VALIDATION, "TEST": TEST}),
        ("split", {"train": TRAIN, "eval": TEST}),
        ("split", {"train": TRAIN, "eval": VALIDATION, "test": TEST}),
        ("split", {"train-00000-of-00002": TRAIN, "test-00000-of-00001": TEST}),
        ("split", {"train_sft": TRAIN, "test_sft": TEST}),
        ("split", {"validation_matched": VALIDATION, "data/train.csv": TRAIN}),
        ("数据集", {"训练集": TRAIN, "验证集": VALIDATION, "测试集": TEST}),
        ("split", {"훈련": TRAIN, "검증": VALIDATION, "시험": TEST}),
        ("fold", {"0": TRAIN, "1": TRAIN, "2": TRAIN, "3": VALIDATION, "4": TEST}),
        ("Fold", {"fold_1": TRAIN, "fold_10": TEST, "fold_9": VALIDATION}),
        ("is_test", {"True": TEST, "False": TRAIN}),
        ("in_train", {"1": TRAIN, "0": TEST}),
    ],
)
def test_usual_names_of_splits_are_known(column: str, meanings: dict[str, int]) -> None:
    assert codes_of(column, list(meanings)) == meanings
    assert names_splits(column, list(meanings))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("topic", ["train", "bus", "plane"]),
        ("set", ["pirates", "castle", "city"]),
        ("split", ["0.1", "0.2"]),
        ("is_valid", ["true", "false"]),
        ("rating", ["1", "2", "3", "4", "5"]),
        ("text", ["test"]),
        ("split", []),
    ],
)
def test_other_columns_are_no_splits(column: str, values: list[str]) -> None:
    assert not names_splits(column, values)


def test_a_label_column_is_never_taken_for_splits(import_file) -> None:
    rows = "".join(
        f"please help with matter {n},{('Training', 'Testing', 'Development')[n % 3]}\n" for n in range(60)
    )
    roles = import_file("text,category\n" + rows).result.proposal.roles
    assert roles == {"text": Role.INPUT, "category": Role.LABEL}


def test_a_split_column_is_proposed_and_followed(import_file, freeze_rows) -> None:
    text = table(("train", 84), ("validation", 12), ("test", 24))
    proposal = import_file(text).result.proposal
    assert proposal.task_type == "classification"
    assert proposal.roles == {"text": Role.INPUT, "label": Role.LABEL, "split": Role.SPLIT}
    frozen = freeze_rows(text, "classification", SPLIT)
    assert frozen.result.rows == {"train": 84, "validation": 12, "test": 24}
    assert frozen.result.split_by == "column"
    for row in frozen.rows:
        assert row["prompt"][0]["content"].split()[1] == row["split"]


def test_a_missing_split_is_drawn_from_training_rows_and_said(freeze_rows) -> None:
    frozen = freeze_rows(table(("train", 100), ("test", 40)), "classification", SPLIT)
    rows = frozen.result.rows
    assert rows["test"] == 40
    assert rows["validation"] > 0
    assert rows["train"] + rows["validation"] == 100
    assert any("contains no validation rows, so" in warning for warning in frozen.result.warnings)
    assert all(row["split"] == "test" for row in frozen.rows if " test " in row["prompt"][0]["content"])


def test_an_empty_split_is_for_training_and_an_unknown_one_is_rejected(freeze_rows) -> None:
    text = table(("train", 60), ("", 6), ("unsupervised", 3), ("validation", 9), ("test", 9))
    frozen = freeze_rows(text, "classification", SPLIT)
    assert frozen.result.rows == {"train": 66, "validation": 9, "test": 9}
    assert frozen.reasons == {
        "The split (column “split”) is not train, validation or test: “unsupervised”": 3
    }


def test_rows_that_the_files_own_splits_share_stay_and_are_counted(freeze_rows) -> None:
    text = table(("train", 60), ("validation", 9), ("test", 9))
    text += "order train 0 went wrong,delivery,test\norder train 1 went wrong,returns,test\n"
    frozen = freeze_rows(text, "classification", SPLIT)
    assert frozen.result.rows == {"train": 60, "validation": 9, "test": 11}
    assert frozen.result.warnings[0].startswith("Test rows with the same input as a training row: 2 of 11.")


def test_the_same_input_never_crosses_where_splits_are_drawn(freeze_rows) -> None:
    twice = "".join(
        f"order {n} went wrong,{LABELS[(n + more) % 3]},train\n" for n in range(60) for more in (0, 1)
    )
    frozen = freeze_rows("text,label,split\n" + twice, "classification", SPLIT)
    of_input: dict[str, set[str]] = {}
    for row in frozen.rows:
        of_input.setdefault(row["prompt"][0]["content"], set()).add(row["split"])
    assert {len(found) for found in of_input.values()} == {1}
    assert set(frozen.result.rows.values()) - {0} == set(frozen.result.rows.values())


@pytest.mark.parametrize("whole", ["validation", "test"])
def test_a_supplied_held_out_split_keeps_its_copies_and_single_labels(freeze_rows, whole: str) -> None:
    text = table(("train", 60), ("validation", 9), ("test", 9))
    text += f"order {whole} 0 went wrong,delivery,{whole}\nsomething else,once only,{whole}\n"
    text += "order train 0 went wrong,delivery,train\nanother thing,only here,train\n"
    frozen = freeze_rows(text, "classification", SPLIT)
    assert frozen.result.rows == {"train": 60, "validation": 9, "test": 9} | {whole: 11}
    assert frozen.reasons == {"Duplicate of another line": 1, "The label occurs in only one row": 1}
    assert set(frozen.result.labels) == {*LABELS, "once only"}
    ids = [row["row_id"] for row in frozen.rows if row["split"] == whole]
    assert len(set(ids)) == 11


@pytest.mark.parametrize("whole", ["validation", "test"])
def test_a_supplied_chat_split_keeps_its_copies(freeze_rows, whole: str) -> None:
    text = (
        table(("train", 60), ("validation", 9), ("test", 9))
        + f"order {whole} 0 went wrong,delivery,{whole}\n"
    )
    frozen = freeze_rows(text, "chat", {"text": "input", "label": "target", "split": "split"})
    assert frozen.result.rows == {"train": 60, "validation": 9, "test": 9} | {whole: 10}
    assert frozen.reasons == {}


@pytest.mark.parametrize("share", ["validation", "test"])
def test_copies_across_splits_are_said_at_the_top(freeze_rows, share: str) -> None:
    text = table(("train", 60), ("validation", 9), ("test", 9))
    text += f"order train 0 went wrong,delivery,{share}\n" * 2
    frozen = freeze_rows(text, "classification", SPLIT)
    assert frozen.result.rows == {"train": 60, "validation": 9, "test": 9} | {share: 11}
    start = f"{share.capitalize()} rows with the same input as a training row: 2 of 11."
    assert frozen.result.warnings[0].startswith(start)


@pytest.mark.parametrize("task_type", ["classification", "chat"])
def test_a_test_set_is_used_whole(freeze_rows, task_type: TaskName) -> None:
    roles = LABELLED if task_type == "classification" else {"text": "input", "label": "target"}
    text = "text,label\n" + "".join(f"order {n % 5} is late,{LABELS[n % 2]}\n" for n in range(15))
    frozen = freeze_rows(text, task_type, roles, test_only=True)
    assert frozen.result.rows == {"train": 0, "validation": 0, "test": 15}
    assert frozen.result.split_by == "test_only"
    assert len({row["row_id"] for row in frozen.rows}) == 15
    assert not any("learned" in warning for warning in frozen.result.warnings)


def test_test_only_overrules_a_split_column(freeze_rows) -> None:
    frozen = freeze_rows(table(("train", 9), ("test", 9)), "classification", SPLIT, test_only=True)
    assert frozen.result.rows == {"train": 0, "validation": 0, "test": 18}


def test_a_column_without_splits_is_refused(freeze_rows) -> None:
    text = table(("north", 30), ("south", 30))
    with pytest.raises(JobError) as caught:
        freeze_rows(text, "classification", SPLIT)
    assert (caught.value.code, caught.value.field) == ("no_splits", "roles")
    assert "“north”" in caught.value.message


@pytest.mark.parametrize("indent", [None, 1])
def test_json_lists_named_after_splits_are_kept_apart(import_file, freeze_rows, indent: int | None) -> None:
    lists = {
        name: [{"text": f"order {name} {n} is late", "label": LABELS[n % 3]} for n in range(count)]
        for name, count in (("train", 30), ("validation", 6), ("test", 9))
    }
    text = json.dumps(lists, indent=indent)
    imported = import_file(text, "data.json")
    assert Counter(row["split"] for row in imported.rows) == {"train": 30, "validation": 6, "test": 9}
    assert imported.result.proposal.roles["split"] is Role.SPLIT
    frozen = freeze_rows(text, "classification", SPLIT, name="data.json")
    assert frozen.result.rows == {"train": 30, "validation": 6, "test": 9}


def test_a_json_list_that_is_no_split_adds_no_column(import_file) -> None:
    text = json.dumps(
        {"data": [{"text": f"order {n} is late", "label": LABELS[n % 3]} for n in range(30)]}, indent=1
    )
    assert set(import_file(text, "data.json").rows[0]) == {"__line", "text", "label"}
