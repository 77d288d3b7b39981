"""Repetition: how much of its own words a text says again (seq-rep-4 of Welleck et al. 2020, "Neural text generation with
unlikelihood training")."""

import numpy as np

from workers.contracts.words import words
from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows, ratio

_ORDER = 4


class Repetition(Additive):
    """Share of the outputs' sequences of four words that occurred before in the same output, times 100.

    Over all outputs, so that a long one counts more than a short one. Outputs of fewer than four words have none.
    """

    name = "repetition"
    columns = ("repetition.repeated", "repetition.all")
    signature = f"repetition|{_ORDER} words|unspaced scripts by character"

    def statistics(self, rows: Rows) -> FloatArray:
        _, outputs = rows.composed
        return np.array([_repeated(words(output)) for output in outputs], dtype=float).reshape(-1, 2)

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return 100 * ratio(sums[:, 0], sums[:, 1])


def _repeated(tokens: list[str]) -> tuple[int, int]:
    ngrams = list(zip(*(tokens[start:] for start in range(_ORDER)), strict=False))
    return len(ngrams) - len(set(ngrams)), len(ngrams)
