"""Exact match: share of outputs that equal the reference once white space and Unicode's normal form are the same (as
SQuAD does, Rajpurkar et al. 2016, but with case, punctuation and articles kept: in code and in names they matter)."""

import numpy as np

from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows


class ExactMatch(Additive):
    name = "exact_match"
    columns = ("exact_match",)
    is_share = True
    signature = "exact match|white space normalised"

    def statistics(self, rows: Rows) -> FloatArray:
        pairs = zip(*rows.composed, strict=True)
        equal = [target.split() == output.split() for target, output in pairs]
        return np.array(equal, dtype=float).reshape(-1, 1)

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return sums[:, 0] / rows
