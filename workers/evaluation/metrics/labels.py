"""Metrics of classification: accuracy, macro-F1 and the confusion matrix."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse

from workers.evaluation.metrics.protocol import Additive, AnyWriting, FloatArray, Rows, ratio


def confusion(targets: Iterable[str], outputs: Iterable[str], labels: Sequence[str]) -> list[list[int]]:
    """Count rows by true label (lines) and given label (columns), in the order of `labels`.

    A row whose true or given label is not among them is left out.
    """
    size = len(labels)
    true, given = _indices(targets, labels), _indices(outputs, labels)
    known = (true >= 0) & (given >= 0)
    counts = np.bincount(true[known] * size + given[known], minlength=size * size)
    return [[int(count) for count in line] for line in counts.reshape(size, size)]


def _indices(texts: Iterable[str], labels: Sequence[str]) -> np.ndarray:
    index = {label: place for place, label in enumerate(labels)}
    return np.fromiter((index.get(text, -1) for text in texts), np.int64)


class Accuracy(Additive):
    """Share of rows whose given label is the true one."""

    name = "accuracy"
    columns = ("correct",)
    is_share = True
    signature = "accuracy"

    def statistics(self, rows: Rows) -> FloatArray:
        pairs = zip(rows.targets, rows.outputs, strict=True)
        return np.array([target == output for target, output in pairs], dtype=float).reshape(-1, 1)

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return sums[:, 0] / rows


class MacroF1(AnyWriting):
    """Mean over labels of 2·tp / (true + given), as scikit-learn's f1_score(average="macro") has it: labels that
    neither occur nor are given are left out, in each resample on its own.

    Statistics: index of the true and of the given label, -1 for a label that is not in `Rows.labels`.
    """

    name = "macro_f1"
    columns = ("label_true", "label_given")
    signature = "macro-F1|labels that occur or are given"

    def statistics(self, rows: Rows) -> FloatArray:
        true, given = _indices(rows.targets, rows.labels), _indices(rows.outputs, rows.labels)
        return np.stack([true, given], axis=1).astype(float)

    def summands(self, statistics: FloatArray) -> sparse.csr_array:
        """Per label, in three blocks of columns: right, true, given. Sparse: at most three ones a row."""
        true, given = statistics.astype(np.int64).T
        size = int(statistics.max(initial=0)) + 1
        row = np.arange(len(statistics))
        hits = [(row, true, (true == given) & (true >= 0)), (row, true, true >= 0), (row, given, given >= 0)]
        lines = np.concatenate([lines[keep] for lines, _, keep in hits])
        columns = np.concatenate([index[keep] + block * size for block, (_, index, keep) in enumerate(hits)])
        return sparse.csr_array((np.ones(len(lines)), (lines, columns)), shape=(len(statistics), 3 * size))

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        right, true, given = np.split(sums, 3, axis=1)
        occurring = (true + given > 0).sum(axis=1).astype(float)
        return ratio(ratio(2 * right, true + given).sum(axis=1), occurring)
