"""The calibration error is what its definition says, and its interval holds it."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from tests.workers.evaluation.test_metrics import total
from workers.evaluation.metrics.calibration import CONFIDENCE, CalibrationError
from workers.evaluation.metrics.protocol import FloatArray, Rows
from workers.evaluation.scoring import row_statistics, score


def labelled(confidence: FloatArray, correct: FloatArray) -> Rows:
    return Rows(
        targets=["a"] * len(correct),
        outputs=["a" if right else "b" for right in correct],
        numbers={CONFIDENCE: confidence},
    )


def test_calibration_error_equals_its_definition() -> None:
    """Against scikit-learn's curve, which gives the accuracy and the mean confidence of every bin."""
    source = np.random.default_rng(3)
    confidence = source.uniform(0.2, 1, 500)
    correct = source.random(500) < confidence**2
    accuracy, mean = calibration_curve(correct, confidence, n_bins=15)
    rows_in_bin = np.histogram(confidence, bins=15, range=(0, 1))[0]
    expected = 100 * (np.abs(accuracy - mean) * rows_in_bin[rows_in_bin > 0]).sum() / 500
    assert total(CalibrationError(), labelled(confidence, correct)) == pytest.approx(expected)


def test_a_model_that_is_sure_and_wrong_is_calibrated_worst() -> None:
    sure = np.ones(40)
    assert total(CalibrationError(), labelled(sure, np.zeros(40))) == pytest.approx(100)
    assert total(CalibrationError(), labelled(sure, np.ones(40))) == 0
    fair = np.tile([1.0, 0.0], 20)
    assert total(CalibrationError(), labelled(np.full(40, 0.5), fair)) == pytest.approx(0)


def test_the_interval_of_a_calibration_error_holds_it() -> None:
    """Resamples of a well calibrated model are nearly all further from the diagonal than the rows themselves."""
    confidence = np.repeat(np.linspace(0.525, 0.975, 10), 20)
    correct = np.concatenate([np.arange(20) < round(20 * value) for value in np.linspace(0.525, 0.975, 10)])
    metric = CalibrationError()
    statistics = metric.statistics(labelled(confidence, correct))
    values = score([metric], dict(zip(metric.columns, statistics.T, strict=True)), rounds=400, seed=1)
    found = values["calibration_error"]
    assert found.low <= found.value <= found.high


def test_without_probabilities_there_is_no_calibration_error() -> None:
    metric = CalibrationError()
    found = row_statistics([metric], [Rows(targets=["a", "b"], outputs=["a", "a"])], 2)
    assert score([metric], found, rounds=10, seed=1) == {}
