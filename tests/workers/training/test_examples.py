"""Encoded rows are written and read some at a time: what a run holds does not grow with how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.memory import TOLERANCE, measure
from tests.workers.training.conftest import write_rows
from workers.models.prompts import Example
from workers.training import data as data_module
from workers.training import examples as examples_module
from workers.training.data import Rows, evenly_spaced
from workers.training.examples import Examples, store


def _made(count: int) -> list[Example]:
    """Of different lengths, empty ones among them."""
    return [
        Example(list(range(number % 7)), list(range(-100, number % 5 - 100)), number % 3 == 0)
        for number in range(count)
    ]


def _lists(example: Example) -> tuple[list[int], list[int], bool]:
    return list(example.input_ids), list(example.label_ids), example.cut


@pytest.mark.parametrize("count", [0, 1, 10, 11, 95])
def test_stored_examples_come_back_in_their_order(count: int, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(examples_module, "_PART_ROWS", 10)
    monkeypatch.setattr(examples_module, "_RELEASED_AFTER", 7)
    made = _made(count)
    stored = store(iter(made), tmp_path / "rows" / "made.arrow")
    assert len(stored) == count
    for found in (stored, Examples(stored.path)):
        assert list(map(_lists, found)) == list(map(_lists, made))
    assert list(map(_lists, stored[3:40:4])) == list(map(_lists, made[3:40:4]))
    if count:
        assert _lists(stored[-1]) == _lists(made[-1])
    with pytest.raises(IndexError):
        stored[count]


def test_long_examples_fill_a_part_before_its_rows_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(examples_module, "_PART_TOKENS", 100)
    made = [Example([number] * 40, [number]) for number in range(8)]
    assert list(map(_lists, store(made, tmp_path / "long.arrow"))) == list(map(_lists, made))
    assert [len(part) for part in examples_module._parts(made)] == [3, 3, 2]


def test_an_objective_may_have_columns_of_its_own(tmp_path: Path) -> None:
    @dataclass(frozen=True, slots=True)
    class Pair(Example):
        rejected_ids: Sequence[int] = ()
        margin: float = 0.0
        source: str = ""

    made = [Pair([1, 2], [2], False, [4, 5, 6], 0.5, "a"), Pair([7], [7], True, [], -1.0, "b")]
    found = store(made, tmp_path / "pairs.arrow", Pair)
    assert [(*_lists(pair), list(pair.rejected_ids), pair.margin, pair.source) for pair in found] == [
        (*_lists(pair), list(pair.rejected_ids), pair.margin, pair.source) for pair in made
    ]


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
