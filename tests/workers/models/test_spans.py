"""Span corruption: input and target together are the text, whatever is removed."""

import random

from hypothesis import given
from hypothesis import strategies as st

from workers.models.spans import REMOVED_SHARE, corrupt, restored

MARKS = tuple(range(1000, 1100))
END = 1


@given(
    tokens=st.integers(1, 400), seed=st.integers(0, 9999), length=st.floats(1, 32), marks=st.integers(1, 100)
)
def test_what_is_removed_is_written_and_the_text_can_be_restored(tokens, seed, length, marks) -> None:
    ids = list(range(2, 2 + tokens))
    example = corrupt(ids, MARKS[:marks], END, random.Random(seed), span_length=length)
    assert example.input_ids[-1] == example.label_ids[-1] == END
    assert restored(example.input_ids[:-1], example.label_ids[:-1], MARKS) == ids
    read = [token for token in example.input_ids if token in MARKS]
    assert read == [token for token in example.label_ids if token in MARKS] == list(MARKS[: len(read)])
    removed = len(example.label_ids) - 1 - len(read)
    assert removed == min(max(1, round(REMOVED_SHARE * tokens)), max(1, tokens - 1))
    for one, two in zip(example.input_ids, example.input_ids[1:], strict=False):
        assert not (one in MARKS and two in MARKS), "stretches do not touch"


def test_stretches_have_about_the_length_that_was_asked_for() -> None:
    example = corrupt(list(range(2, 402)), MARKS, END, random.Random(1), span_length=3.0)
    assert sum(token in MARKS for token in example.input_ids) == 20


def test_the_same_source_removes_the_same() -> None:
    one, two = (corrupt(list(range(2, 90)), MARKS, END, random.Random(8), span_length=3) for _ in range(2))
    assert one == two


def test_a_mark_that_nothing_was_written_for_leaves_nothing() -> None:
    assert restored([5, 1000, 6, 1001], [7, 1001, 8, 9], MARKS) == [5, 6, 8, 9]
