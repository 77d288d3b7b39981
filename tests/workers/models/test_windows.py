"""Windows of a long text: every token is learned once and scored once, with something before it."""

from hypothesis import given
from hypothesis import strategies as st

from workers.models.prompts import IGNORED, Example
from workers.models.windows import divide, scored_windows


@given(st.integers(0, 40), st.integers(1, 400), st.integers(16, 64))
def test_every_learned_token_is_in_exactly_one_window(prompt: int, answer: int, length: int) -> None:
    ids = list(range(1, prompt + answer + 2))
    labels = [IGNORED] * (prompt + 1) + ids[prompt + 1 :]
    windows = divide(Example(ids, labels), length)
    assert [label for window in windows for label in window.label_ids if label != IGNORED] == ids[
        prompt + 1 :
    ]
    for window in windows:
        assert len(window.input_ids) == len(window.label_ids) <= length
        assert window.label_ids[0] == IGNORED, "its first token is never predicted"
        assert window.input_ids == list(range(window.input_ids[0], window.input_ids[-1] + 1))


def test_a_text_that_fits_stays_as_it_is() -> None:
    example = Example([1, 2, 3], [IGNORED, 2, 3])
    assert divide(example, 3) == [example]


@given(st.integers(1, 100), st.integers(0, 400), st.integers(8, 64))
def test_scored_parts_are_the_answer_and_fit(prompt: int, answer: int, context: int) -> None:
    read, said = list(range(prompt)), list(range(prompt, prompt + answer))
    pairs = list(scored_windows(read, said, context))
    assert [token for _, part in pairs for token in part] == said
    for before, part in pairs:
        assert len(before) >= 1
        assert len(before) + len(part) <= context
        assert [*before, *part] == list(range(before[0], part[-1] + 1))
