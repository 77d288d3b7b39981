"""Uncertainty of a metric: bootstrap resamples, paired significance, and correction for many tests.

Sources: Koehn 2004 and Riezler and Maxwell 2005 (paired bootstrap of corpus metrics); Holm 1979 (correction).
"""

from collections.abc import Sequence

import numpy as np

from workers.evaluation.metrics.protocol import FloatArray, Matrix

_CELLS = 4_000_000
"""Weights held at a time (rounds x rows): 32 MB."""


def resampled_sums(matrices: Sequence[Matrix], rounds: int, seed: int) -> list[FloatArray]:
    """Sum each matrix [n, m] over n rows drawn with replacement, `rounds` times; return arrays [rounds, m].

    All matrices see the same draws, so that systems and metrics are paired.
    """
    if not matrices:
        return []
    rows = matrices[0].shape[0]
    random = np.random.default_rng(seed)
    sums = [np.empty((rounds, matrix.shape[1])) for matrix in matrices]
    step = max(1, min(rounds, _CELLS // rows))
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        drawn = random.integers(0, rows, (size, rows)) + np.arange(size)[:, None] * rows
        weights = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(float)
        for matrix, total in zip(matrices, sums, strict=True):
            total[start : start + size] = weights @ matrix
        # Else they stay until the next ones are made.
        del drawn, weights
    return sums


def paired_p(observed: float, differences: FloatArray, differing_rows: int) -> float:
    """Two-sided p-value of a difference between two systems, from its resampled values [rounds].

    The differences are shifted to mean 0, the null hypothesis, and those at least as large as the observed one are
    counted (Riezler and Maxwell 2005). The bootstrap knows nothing beyond the rows it has, so p is never below
    2^(1-k), the smallest p of an exact sign test when the systems differ on k rows.
    """
    if differing_rows == 0:
        return 1.0
    shifted = np.abs(differences - differences.mean())
    # The tolerance keeps rounding in the sums from deciding between equal values.
    extreme = int((shifted >= abs(observed) * (1 - 1e-9)).sum())
    return max((extreme + 1) / (len(differences) + 1), 0.5 ** (differing_rows - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected so that the chance of any false finding among them stays below the level asked."""
    order = np.argsort(p_values)
    count = len(p_values)
    scaled = [min(1.0, p_values[place] * (count - rank)) for rank, place in enumerate(order)]
    corrected = np.empty(count)
    corrected[order] = np.maximum.accumulate(scaled)
    return [float(value) for value in corrected]
