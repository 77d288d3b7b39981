"""What a metric is: statistics per row that add up, and a formula over their sums.

Because every metric here is a function of sums over rows, a bootstrap round is a weighted sum: exact, and one matrix
product for all rounds (workers/evaluation/bootstrap.py). The statistics are stored with the outputs, so that any
subset can be scored again without the model.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from workers.models.writing import Writing

FloatArray = NDArray[np.float64]
Matrix: TypeAlias = FloatArray | sparse.csr_array


@dataclass(frozen=True)
class Rows:
    """Texts of n rows, and numbers that only a model can give.

    `numbers` maps a statistic's name to n floats (reference_nats, reference_tokens, reference_bytes); NaN where a
    row has none. `labels` are a classifier's, in the order of the confusion matrix.
    """

    targets: Sequence[str]
    outputs: Sequence[str]
    numbers: Mapping[str, FloatArray] = field(default_factory=dict)
    labels: Sequence[str] = ()

    @cached_property
    def composed(self) -> tuple[list[str], list[str]]:
        """Targets and outputs in Unicode's normal form C, as every text metric reads them: an accent may be written as a
        sign of its own, which is not seen."""
        return list(composed(self.targets)), list(composed(self.outputs))


def composed(texts: Iterable[str]) -> Iterator[str]:
    """Yield texts in normal form C."""
    for text in texts:
        yield text if text.isascii() else unicodedata.normalize("NFC", text)


class Metric(Protocol):
    """`columns` names the statistics, stored as `stat.<name>`; `signature` says how the value was computed; `is_share`
    is true where the value is a share of rows."""

    name: str
    signature: str
    is_share: bool

    @property
    def columns(self) -> tuple[str, ...]: ...

    def statistics(self, rows: Rows) -> FloatArray:
        """Return one row of statistics per row, shape [n, len(columns)]. Called with some of an evaluation's rows at a time."""
        ...

    def summands(self, statistics: FloatArray) -> Matrix:
        """Return what is added up over rows, shape [n, m]."""
        ...

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        """Return the metric of each line of `sums`, shape [k, m] to [k]; every line is a sum over `rows` rows."""
        ...

    def tested(self, values: FloatArray) -> FloatArray:
        """Return values of the metric on the scale on which two systems are compared."""
        ...


def row_scores(metric: Metric, statistics: FloatArray) -> FloatArray:
    """Return the metric of every row by itself, shape [n]."""
    summands = metric.summands(statistics)
    return metric.value(summands if isinstance(summands, np.ndarray) else summands.toarray(), 1)


class AnyWriting:
    """For metrics that read texts of all writing systems alike."""

    is_share = False

    def __init__(self, writing: Writing = Writing.SPACED) -> None:
        del writing

    def tested(self, values: FloatArray) -> FloatArray:
        return values


class Additive(AnyWriting):
    """For metrics whose statistics are themselves what is added up."""

    def summands(self, statistics: FloatArray) -> FloatArray:
        return statistics


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator, and 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator, dtype=float), where=denominator > 0)
