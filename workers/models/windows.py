"""Texts longer than a model's context, divided so that nothing of them is discarded."""

from collections.abc import Iterator, Sequence

from workers.models.prompts import IGNORED, Example

_OVERLAP = 8
"""A window begins with this part of its length from the one before, so that its first tokens have something before them."""
_SCORED_OVERLAP = 4
"""The same for scoring, where the context counts and no memory is needed for gradients."""

_BEGUN_CHARACTERS = 120
"""Of a document's beginning that a model is given to go on from."""


def beginning_and_rest(text: str) -> tuple[str, str]:
    """Divide a document into its beginning, at most half of it and up to a space, and the rest."""
    most = min(_BEGUN_CHARACTERS, len(text) // 2)
    space = text.rfind(" ", 1, most + 1)
    place = most if space < 0 else space
    return text[:place], text[place:]


def divide(example: Example, length: int) -> list[Example]:
    """Windows of at most `length` tokens that together teach every learned token of a causal example exactly once.

    What a window repeats of the one before it only reads. Windows with nothing to learn are left out.
    """
    tokens = len(example.input_ids)
    if tokens <= length:
        return [example]
    overlap = max(1, length // _OVERLAP)
    windows, begin, learned_to = [], 0, 0
    while learned_to < tokens:
        end = min(tokens, begin + length)
        labels = [*[IGNORED] * (learned_to - begin), *example.label_ids[learned_to:end]]
        windows.append(Example(example.input_ids[begin:end], labels))
        begin, learned_to = end - overlap, end
    return [window for window in windows if any(label != IGNORED for label in window.label_ids[1:])]


def scored_windows(
    prompt: Sequence[int], answer: Sequence[int], context: int
) -> Iterator[tuple[list[int], list[int]]]:
    """(what is read, what is scored) pairs within `context`; their scored parts together are `answer`.

    `prompt` has at least one token.
    """
    text, begin = [*prompt, *answer], len(prompt)
    while begin < len(text):
        rest = len(text) - begin
        read = min(begin, context - rest if rest < context else context // _SCORED_OVERLAP)
        end = min(len(text), begin + context - read)
        yield text[begin - read : begin], text[begin:end]
        begin = end
