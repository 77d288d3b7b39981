"""Rows are read and encoded some at a time: what a run holds does not grow with how many there are."""

from pathlib import Path

import pytest

from benchmarks.memory import TOLERANCE, measure
from tests.workers.training.conftest import write_rows
from workers.training import data as data_module
from workers.training.data import Rows, evenly_spaced


def test_rows_of_a_split_are_read_in_batches_and_may_be_read_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(data_module, "_READ_ROWS", 4)
    splits = ["train" if number % 3 else "validation" for number in range(31)]
    made = [(split, [("user", f"q{number}")], f"a{number}") for number, split in enumerate(splits)]
    rows = Rows(write_rows(tmp_path / "data", made), "train")
    expected = [target for split, _, target in made if split == "train"]
    assert len(rows) == len(expected)
    for _ in range(2):
        assert [row.target for row in rows] == expected
    assert [row.target for row in evenly_spaced(rows, 5)] == [
        expected[index * len(rows) // 5] for index in range(5)
    ]
    assert len(evenly_spaced(rows, 100)) == len(rows)


@pytest.mark.training
def test_a_run_holds_as_much_with_many_rows_as_with_few(tmp_path: Path) -> None:
    """Also where pages of the mapped rows are counted, which the kernel takes back when memory is short."""
    few, many = (measure(tmp_path / str(rows), rows, steps=20) for rows in (2_000, 40_000))
    assert many["encoded_rows"] > 15 * few["encoded_rows"]
    for name in ("anonymous", "resident"):
        assert many[name] <= (1 + TOLERANCE) * few[name], (name, few, many)
