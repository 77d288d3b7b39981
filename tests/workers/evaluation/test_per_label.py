"""Figures of each label agree with scikit-learn's, and their intervals cover what they should."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from workers.evaluation.per_label import label_figures

LABELS = ["account", "billing", "line"]


def test_the_figures_are_those_of_scikit_learn() -> None:
    source = np.random.default_rng(4)
    true = source.choice(LABELS, 200, p=[0.6, 0.3, 0.1])
    given = np.where(source.random(200) < 0.7, true, source.choice(LABELS, 200))
    found = label_figures(LABELS, confusion_matrix(true, given, labels=LABELS).tolist())
    expected = precision_recall_fscore_support(true, given, labels=LABELS)
    for place, figures in enumerate(found):
        assert figures.label == LABELS[place]
        shown = [figures.precision.value, figures.recall.value, figures.f1.value, figures.rows]  # type: ignore[union-attr]
        assert shown == pytest.approx([column[place] for column in expected])
        for value in (figures.precision, figures.recall, figures.f1):
            assert value is not None
            assert 0 <= value.low < value.value < value.high <= 1


def test_a_label_that_was_never_given_has_no_precision() -> None:
    account, billing = label_figures(LABELS, [[5, 0, 0], [2, 0, 0], [0, 0, 0]])
    assert account.recall is not None
    assert (account.recall.value, account.recall.high) == (1, 1)
    assert 0.4 < account.recall.low < 0.6
    assert (billing.label, billing.rows, billing.predicted, billing.precision) == ("billing", 2, 0, None)
    assert billing.f1.value == 0 < billing.f1.high


def test_the_interval_of_f1_covers_its_value_as_often_as_it_says() -> None:
    """Rows of a classifier that is right on three of four: in 95 % of samples at least the true F1 is within."""
    source = np.random.default_rng(8)
    chances = np.array([[0.375, 0.125], [0.125, 0.375]])
    right, involved = chances[0, 0], 1 - chances[1, 1]
    true_f1 = 2 * right / (involved + right)
    samples = source.multinomial(60, chances.ravel(), size=600)
    covered = 0
    for sample in samples:
        f1 = label_figures(["a", "b"], sample.reshape(2, 2).tolist())[0].f1
        covered += f1.low <= true_f1 <= f1.high
    assert covered / len(samples) >= 0.95
