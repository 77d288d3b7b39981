"""Intervals are exact for shares, never without width for bounded metrics, and the same wherever a figure is shown."""

import numpy as np
import pytest
from scipy.stats import binomtest

from workers.contracts.job_kinds.evaluation import MetricValue
from workers.contracts.metrics import BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED, METRICS, Direction
from workers.evaluation.intervals import exact_interval
from workers.evaluation.metrics import create_metric
from workers.evaluation.metrics.masked import HIDDEN, RIGHT
from workers.evaluation.metrics.protocol import Rows
from workers.evaluation.scoring import row_statistics, score
from workers.models.writing import Writing

BOUNDED = [info.name for info in METRICS.values() if info.direction is Direction.HIGHER and info.scale]


def scored(name: str, targets: list[str], outputs: list[str]) -> MetricValue:
    metric = create_metric(name, Writing.ASCII)
    right = np.array([target == output for target, output in zip(targets, outputs, strict=True)], dtype=float)
    hidden = {RIGHT: right, HIDDEN: np.ones(len(targets))}  # one token a row
    rows = Rows(targets=targets, outputs=outputs, numbers=hidden, labels=sorted({*targets, *outputs}))
    statistics = row_statistics([metric], [rows], len(rows.targets))
    return score([metric], statistics, rounds=BOOTSTRAP_ROUNDS, seed=BOOTSTRAP_SEED)[name]


@pytest.mark.parametrize(("right", "rows"), [(0, 1), (1, 1), (12, 12), (0, 30), (7, 30), (299, 300)])
def test_shares_have_the_clopper_pearson_interval(right: int, rows: int) -> None:
    expected = binomtest(right, rows).proportion_ci(method="exact")
    assert exact_interval(right, rows) == pytest.approx((expected.low, expected.high))
    for name in ("accuracy", "exact_match"):
        value = scored(name, ["yes"] * rows, ["yes"] * right + ["no"] * (rows - right))
        assert (value.low, value.high) == pytest.approx((expected.low, expected.high))
        assert value.method == "exact"


def test_twelve_right_of_twelve() -> None:
    value = scored("accuracy", ["a", "b", "c"] * 4, ["a", "b", "c"] * 4)
    assert (round(value.low, 3), value.high) == (0.735, 1.0)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("rows", [1, 12, 100])
def test_no_interval_of_a_bounded_metric_is_without_width(name: str, rows: int) -> None:
    targets = [f"{word} opens at nine today" for word in ("shop", "bar", "library")] * rows
    scale = METRICS[name].scale or 0
    best = scored(name, targets[:rows], targets[:rows])
    assert best.value == pytest.approx(scale)
    assert best.low == pytest.approx(scale * 0.025 ** (1 / rows))
    assert best.high == pytest.approx(scale)
    worst = scored(name, targets[:rows], ["zzz"] * rows)
    assert worst.value == 0
    assert (worst.low, worst.high) == (0, pytest.approx(scale * (1 - 0.025 ** (1 / rows))))


@pytest.mark.parametrize("name", BOUNDED)
def test_the_value_lies_within_its_interval(name: str) -> None:
    source = np.random.default_rng(5)
    targets = [" ".join(source.choice(list("abcdef"), 6)) for _ in range(40)]
    outputs = [text if source.random() < 0.5 else f"{text[:7]} x y z" for text in targets]
    value = scored(name, targets, outputs)
    assert 0 <= value.low < value.value < value.high <= (METRICS[name].scale or 0)
