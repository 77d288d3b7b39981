"""A toy metric: the share of outputs that have as many words as the reference."""

import numpy as np

from workers.contracts.metrics import METRICS, Direction, MetricInfo
from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows


class SameLength(Additive):
    name = "same_length"
    columns = ("same_length",)
    is_share = True
    signature = "equal number of words"

    def statistics(self, rows: Rows) -> FloatArray:
        pairs = zip(rows.targets, rows.outputs, strict=True)
        equal = [len(target.split()) == len(output.split()) for target, output in pairs]
        return np.array(equal, dtype=float).reshape(-1, 1)

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return sums[:, 0] / rows


METRICS.add(
    MetricInfo(
        name="same_length",
        label="Same length",
        help="Share of outputs with as many words as the reference.",
        direction=Direction.HIGHER,
        scale=1,
        decimals=3,
        implementation="tests.extension_points.same_length:SameLength",
        tasks=frozenset({"translation", "titles"}),
    )
)
