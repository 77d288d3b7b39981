"""From statistics per row to metric values with intervals."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from workers.contracts.job_kinds.evaluation import MetricValue
from workers.evaluation.bootstrap import resampled_sums
from workers.evaluation.intervals import metric_value
from workers.evaluation.metrics.protocol import FloatArray, Matrix, Metric, Rows

Statistics = Mapping[str, FloatArray]
"""Name of a statistic to its n values."""


def row_statistics(metrics: Sequence[Metric], rows: Iterable[Rows], count: int) -> dict[str, FloatArray]:
    """Return every statistic that `metrics` are computed from; those that nothing gave are left out.

    `rows` are parts of the `count` rows, in their order.
    """
    found = {name: np.empty(count) for metric in metrics for name in metric.columns}
    begin = 0
    for part in rows:
        end = begin + len(part.targets)
        for metric in metrics:
            values = metric.statistics(part)
            for place, name in enumerate(metric.columns):
                found[name][begin:end] = values[:, place]
        begin = end
    return {name: values for name, values in found.items() if not np.isnan(values).any()}


def stacked(metric: Metric, statistics: Statistics) -> FloatArray | None:
    """Return the metric's statistics as one array [n, columns], or None when some are missing."""
    if any(name not in statistics for name in metric.columns):
        return None
    return np.stack([statistics[name] for name in metric.columns], axis=1)


def observed(metric: Metric, summands: Matrix) -> float:
    """Return the metric over all rows of `summands`."""
    sums = np.asarray(summands.sum(axis=0), dtype=float).reshape(1, -1)
    return float(metric.value(sums, summands.shape[0])[0])


def score(
    metrics: Iterable[Metric], statistics: Statistics, *, rounds: int, seed: int
) -> dict[str, MetricValue]:
    """Return the value and 95 % interval of every metric whose statistics are there."""
    known = [(m, m.summands(s)) for m in metrics if (s := stacked(m, statistics)) is not None]
    resampled = resampled_sums([summands for _, summands in known], rounds, seed)
    return {
        metric.name: metric_value(
            metric,
            observed(metric, summands),
            metric.value(sums, summands.shape[0]),
            summands.shape[0],
        )
        for (metric, summands), sums in zip(known, resampled, strict=True)
    }
