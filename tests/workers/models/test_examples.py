"""Examples are written as they come, and read from the mapped file one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from workers.models import examples as examples_module
from workers.models.examples import Examples, store
from workers.models.prompts import Example


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
    stored = store(iter(made), tmp_path / "rows" / "made.arrow", Example)
    assert len(stored) == count
    for found in (stored, Examples(stored.path, Example)):
        assert list(map(_lists, found)) == list(map(_lists, made))
    assert list(map(_lists, stored[3:40:4])) == list(map(_lists, made[3:40:4]))
    if count:
        assert _lists(stored[-1]) == _lists(made[-1])
    with pytest.raises(IndexError):
        stored[count]


def test_long_examples_fill_a_part_before_its_rows_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(examples_module, "_PART_TOKENS", 100)
    made = [Example([number] * 40, [number]) for number in range(8)]
    assert list(map(_lists, store(made, tmp_path / "long.arrow", Example))) == list(map(_lists, made))
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
