"""Precision, recall and F1 of each label, with exact intervals, from the confusion matrix."""

from collections.abc import Sequence

import numpy as np

from workers.contracts.job_kinds.evaluation import LabelFigures, MetricValue
from workers.evaluation.intervals import exact_interval


def label_figures(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[LabelFigures]:
    """Return the figures of each label that occurs or was given, in the order of `labels`.

    Each is a share of rows, or rises with one: F1 is 2j / (1 + j), where j is the share of right rows among those that
    have the label or were given it. So all three have the interval of Clopper and Pearson, given those rows.
    """
    counts = np.array(confusion, dtype=np.int64).reshape(len(labels), len(labels))
    found = []
    for label, right, true, given in zip(
        labels, np.diag(counts), counts.sum(axis=1), counts.sum(axis=0), strict=True
    ):
        if true + given == 0:
            continue
        found.append(
            LabelFigures(
                label=label,
                rows=int(true),
                predicted=int(given),
                precision=_share(int(right), int(given)),
                recall=_share(int(right), int(true)),
                f1=_f1(int(right), int(true + given - right)),
            )
        )
    return found


def _share(right: int, rows: int) -> MetricValue | None:
    if not rows:
        return None
    low, high = exact_interval(right, rows)
    return MetricValue(value=right / rows, low=low, high=high, method="exact")


def _f1(right: int, rows: int) -> MetricValue:
    low, high = exact_interval(right, rows)
    value, low, high = (2 * share / (1 + share) for share in (right / rows, low, high))
    return MetricValue(value=value, low=low, high=high, method="exact")
