"""The 95 % interval of a metric: one method for each kind of figure, wherever it is shown.

A share of rows (accuracy, exact match) has the exact binomial interval. Every other metric has the percentile interval
of a bootstrap over rows. Resampling knows nothing beyond the rows it has: where all of them score alike, as at 0 or at
the best score, its interval has no width. There the exact binomial bound says what share of all rows, unseen ones
included, may score otherwise, and the interval of a bounded metric takes in that they do.

Sources: Clopper and Pearson 1934; Efron and Tibshirani 1993, "An introduction to the bootstrap".
"""

import numpy as np
from scipy.stats import beta

from workers.contracts.job_kinds.evaluation import MetricValue
from workers.contracts.metrics import METRICS, Direction
from workers.evaluation.metrics.protocol import FloatArray, Metric

_TAIL = 0.025
_NO_WIDTH = 1e-9
"""Of the scale: what rounding leaves of a width of 0."""


def exact_interval(successes: int, rows: int) -> tuple[float, float]:
    """Return the bounds of the 95 % Clopper-Pearson interval of a share."""
    low = beta.ppf(_TAIL, successes, rows - successes + 1) if successes else 0.0
    high = beta.ppf(1 - _TAIL, successes + 1, rows - successes) if successes < rows else 1.0
    return float(low), float(high)


def percentile_interval(values: FloatArray) -> tuple[float, float]:
    """Return the bounds of the 95 % percentile interval of resampled values."""
    low, high = np.quantile(values, (_TAIL, 1 - _TAIL))
    return float(low), float(high)


def metric_value(metric: Metric, value: float, resampled: FloatArray, rows: int) -> MetricValue:
    """Return a metric over `rows` rows with its interval; `resampled` holds its value in each bootstrap round."""
    if metric.is_share:
        low, high = exact_interval(round(value * rows), rows)
        return MetricValue(value=value, low=low, high=high, signature=metric.signature, method="exact")
    low, high = percentile_interval(resampled)
    info = METRICS[metric.name]
    if info.direction is Direction.HIGHER and info.scale and high - low <= _NO_WIDTH * info.scale:
        alike, _ = exact_interval(rows, rows)
        low, high = value * alike, value + (info.scale - value) * (1 - alike)
        return MetricValue(value=value, low=low, high=high, signature=metric.signature, method="exact")
    # A resample moves a distance from calibration mostly upwards, and all of them can lie above the figure itself.
    low, high = min(low, value), max(high, value)
    return MetricValue(value=value, low=low, high=high, signature=metric.signature)
