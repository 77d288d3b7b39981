"""Calibration: whether a classifier is right as often as its probabilities say (expected calibration error, Naeini et al.
2015, "Obtaining well calibrated probabilities using Bayesian binning"; as in Guo et al. 2017 over 15 equal bins)."""

import numpy as np
from scipy import sparse

from workers.evaluation.metrics.protocol import AnyWriting, FloatArray, Rows

CONFIDENCE = "confidence"
"""Number of a row: the probability that the model gives to its own label."""
_BINS = 15


class CalibrationError(AnyWriting):
    """Mean distance between confidence and accuracy over bins of equal width, weighted by their rows, times 100.

    Statistics: the confidence, and whether the label is right. A confidence on a bin's edge belongs to the lower bin. With
    few rows the figure is above 0 even for a model that is calibrated perfectly.
    """

    name = "calibration_error"
    columns = (CONFIDENCE, "calibration.correct")
    signature = f"expected calibration error|bins:{_BINS}|width:equal"

    def statistics(self, rows: Rows) -> FloatArray:
        confidence = rows.numbers.get(CONFIDENCE, np.full(len(rows.targets), np.nan))
        pairs = zip(rows.targets, rows.outputs, strict=True)
        correct = np.array([target == output for target, output in pairs], dtype=float)
        return np.stack([confidence, correct], axis=1)

    def summands(self, statistics: FloatArray) -> sparse.csr_array:
        """Per bin, by how much its rows are more confident than right. Bins are added up separately."""
        confidence, correct = statistics.T
        bins = np.clip(np.ceil(confidence * _BINS).astype(np.int64) - 1, 0, _BINS - 1)
        places = (np.arange(len(statistics)), bins)
        return sparse.csr_array((confidence - correct, places), shape=(len(statistics), _BINS))

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return 100 * np.abs(sums).sum(axis=1) / rows
