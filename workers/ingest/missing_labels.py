"""Labels that say that there is none: N/A, nan, null, a dash."""

import re
from collections.abc import Iterable

from workers.ingest.empty_cells import is_sheet_error

_WORDS = frozenset(
    {
        "n/a", "#n/a", "nan", "null", "nil", "\\n", "<na>", "<nan>", "<null>", "<none>", "(null)", "(none)", "(blank)", "(empty)", "n.a.",
        "undefined", "no label", "unlabeled", "unlabelled", "not labeled", "not labelled", "未标注", "无标签", "缺失", "k.a.", "s/d", "н/д",
    }
)  # fmt: skip
_SIGNS = frozenset({"-", "--", "---", "–", "—", "?", "??", "???", ".", "..", "...", "…", "_", "*"})
_TYPES = frozenset(
    [
        "string",
        "number",
        "boolean",
        "bool",
        "object",
        "array",
        "integer",
        "int",
        "float",
        "list",
        "dict",
        "symbol",
        "function",
    ]
)
_PAIRED = {
    "null": _TYPES | {"alternative", "not null", "not_null", "notnull"},
    "undefined": _TYPES | {"defined"},
    "nil": _TYPES | {"one", "two", "three", "low", "some", "few"},
}
"""Beside these words the others are labels as well: null is a kind of value, nil a result."""
_DOUBTFUL = frozenset({"none", "na"})
"""A label of its own as often as a missing one."""


def missing_labels(labels: Iterable[str]) -> set[str]:
    """Return which of a column's labels say that a row has none.

    A sign does so only beside words: + and - may be the labels themselves. At least two other labels must be left.
    """
    every = list(labels)
    errors = {label for label in every if is_sheet_error(label)}
    words = {label for label in every if label.casefold() in _WORDS - _paired(every)}
    # Where they are half of the labels or more, the texts are about them.
    words = words | errors if len(errors) * 2 < len(every) else words - errors
    signs = {label for label in every if label in _SIGNS}
    others = [label for label in every if label not in words | signs]
    if len({label.casefold() for label in others}) < 2:
        return set()
    return words | signs if all(re.search(r"\w", label) for label in others) else words


def doubtful_labels(labels: Iterable[str]) -> list[str]:
    """Return the labels that may say that a row has none, and are learned."""
    every = list(labels)
    doubtful = _DOUBTFUL | _paired(every) | _below_numbers(every)
    return [label for label in every if label.casefold() in doubtful]


def _below_numbers(labels: list[str]) -> set[str]:
    """-1 beside 0, 1, 2 and so on, which data sets write where annotators did not agree. Beside 0 and 1 alone it is a side."""
    held = set(labels)
    return {"-1"} if len(held) > 3 and held == {str(number) for number in range(-1, len(held) - 1)} else set()


def _paired(labels: list[str]) -> set[str]:
    """The words for a missing label that have their partner among the labels."""
    folded = {label.casefold() for label in labels}
    return {word for word in folded & _PAIRED.keys() if folded & _PAIRED[word]}
