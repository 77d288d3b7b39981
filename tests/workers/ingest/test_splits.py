"""Splits: no input on two sides, none empty, and stable when rows are added."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.ingest.splits import input_hash, normalized_input, row_id, split_codes

KEY = b"workspace"
PAIR = {"question": "input", "answer": "target"}


def hashes(count: int, key: bytes = KEY) -> np.ndarray:
    return np.array([input_hash(key, f"input {n}") for n in range(count)], dtype=np.uint64)


@pytest.mark.parametrize(("one", "other"), [("Hello  World", "hello world\n"), ("Ｈｅｌｌｏ", "hello"), ("Straße", "STRASSE"), ("é", "e\u0301")])  # fmt: skip
def test_what_reads_the_same_is_one_input(one: str, other: str) -> None:
    assert normalized_input(one) == normalized_input(other)
    assert input_hash(KEY, one) == input_hash(KEY, other)


def test_the_key_decides_the_sides() -> None:
    assert (split_codes(hashes(500), 0.1, 0.1) != split_codes(hashes(500, b"other"), 0.1, 0.1)).any()


def test_shares_are_kept_on_many_rows() -> None:
    counts = np.bincount(split_codes(hashes(20_000), 0.1, 0.2))
    assert counts / 20_000 == pytest.approx([0.7, 0.1, 0.2], abs=0.01)


@pytest.mark.parametrize("count", [3, 4, 8, 20, 21, 50])
@pytest.mark.parametrize("key", [b"a", b"b", b"c", b"d", b"e"])
def test_no_split_is_empty_on_small_data(count: int, key: bytes) -> None:
    counts = np.bincount(split_codes(hashes(count, key), 0.1, 0.1), minlength=3)
    assert counts.min() >= (2 if count >= 8 else 1)


def test_a_share_of_zero_means_none() -> None:
    assert set(split_codes(hashes(300), 0.0, 0.1).tolist()) == {0, 2}
    assert set(split_codes(hashes(300), 0.1, 0.0).tolist()) == {0, 1}


@given(st.integers(8, 300), st.integers(0, 300), st.binary(min_size=1, max_size=4))
def test_training_rows_stay_training_rows_when_rows_are_added(before: int, added: int, key: bytes) -> None:
    small = split_codes(hashes(before, key), 0.1, 0.1)
    large = split_codes(hashes(before + added, key), 0.1, 0.1)[:before]
    assert (large[small == 0] == 0).all(), "a training row became a test or validation row"
    assert (large[small == 1] != 2).all(), "a validation row became a test row"


def test_row_ids_tell_exact_rows_apart() -> None:
    ids = {row_id(KEY, parts) for parts in (["a", "b"], ["A", "b"], ["ab", ""], ["a", "b "])}
    assert len(ids) == 4
    assert row_id(KEY, ["a", "b"]) == row_id(KEY, ["a", "b"])
    assert all(len(bytes.fromhex(identity)) == 16 for identity in ids)


def test_frozen_inputs_never_sit_in_two_splits_and_stay_there_in_the_next_version(freeze_rows) -> None:
    lines = [f"{'Question' if n % 2 else '  QUESTION'} {n // 3},answer {n}\n" for n in range(600)]
    first = freeze_rows("question,answer\n" + "".join(lines[:400]), "chat", PAIR)
    second = freeze_rows("question,answer\nnew one,new\n" + "".join(lines), "chat", PAIR)
    sides: dict[str, set[str]] = {}
    for row in first.rows + second.rows:
        sides.setdefault(normalized_input(row["prompt"][0]["content"]), set()).add(row["split"])
    assert all(len(splits) == 1 for splits in sides.values())
    identity = {row["target"]: row["row_id"] for row in first.rows}
    assert all(identity.get(row["target"], row["row_id"]) == row["row_id"] for row in second.rows)
