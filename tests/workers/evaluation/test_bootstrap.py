"""Intervals cover what they claim to, and paired tests find what is there and nothing else."""

import numpy as np
import pytest

from workers.evaluation.bootstrap import holm, paired_p, resampled_sums
from workers.evaluation.intervals import percentile_interval

ROUNDS = 400


def column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=float).reshape(-1, 1)


def p_of(first: np.ndarray, second: np.ndarray, *, seed: int = 0) -> float:
    """Compare the means of two paired samples."""
    rows = len(first)
    a, b = resampled_sums([column(first), column(second)], ROUNDS, seed)
    return paired_p(first.mean() - second.mean(), (a - b)[:, 0] / rows, int((first != second).sum()))


def test_every_resample_has_as_many_rows_as_the_sample() -> None:
    ones, places = resampled_sums([np.ones((50, 1)), np.eye(50)], 300, seed=1)
    assert (ones == 50).all()
    assert (places.sum(axis=1) == 50).all()
    # A row is left out of a resample with probability (1 - 1/50)^50 = 0.364.
    assert (places == 0).mean() == pytest.approx(0.364, abs=0.01)


def test_matrices_see_the_same_draws_and_a_seed_repeats_them() -> None:
    values = column(np.arange(40))
    first, second = resampled_sums([values, 2 * values], 100, seed=5)
    assert (second == 2 * first).all()
    assert (resampled_sums([values], 100, seed=5)[0] == first).all()
    assert (resampled_sums([values], 100, seed=6)[0] != first).any()


def test_rounds_in_several_chunks_are_all_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.evaluation.bootstrap._CELLS", 170)
    (sums,) = resampled_sums([np.ones((50, 1))], 101, seed=1)
    assert (sums == 50).all()


def test_intervals_cover_the_truth_in_about_95_of_100_samples() -> None:
    """500 samples of 150 rows: the count of covering intervals is binomial, so 0.95 is met within 0.04."""
    source = np.random.default_rng(12)
    covered = 0
    for sample in range(500):
        values = source.random(150) < 0.7
        (sums,) = resampled_sums([column(values)], ROUNDS, sample)
        low, high = percentile_interval(sums[:, 0] / 150)
        covered += low <= 0.7 <= high
    assert 0.91 <= covered / 500 <= 0.98


def test_p_is_below_5_percent_in_about_5_of_100_null_comparisons() -> None:
    source = np.random.default_rng(13)
    found = 0
    for sample in range(400):
        ease = source.normal(size=120)
        first, second = (ease + source.normal(size=120) for _ in range(2))
        found += p_of(first, second, seed=sample) < 0.05
    assert 0.02 <= found / 400 <= 0.09


def test_identical_systems_do_not_differ() -> None:
    scores = np.random.default_rng(1).random(100)
    assert p_of(scores, scores) == 1.0


def test_a_clear_winner_is_significant() -> None:
    source = np.random.default_rng(1)
    scores = source.random(200)
    assert p_of(scores + 0.3 + 0.1 * source.normal(size=200), scores) < 0.01


def test_pairing_finds_a_small_difference_between_noisy_rows() -> None:
    """Rows differ far more than systems do: unpaired intervals overlap, the paired test is sure."""
    source = np.random.default_rng(2)
    ease = 10 * source.normal(size=200)
    first, second = ease + 0.5 + source.normal(size=200), ease + source.normal(size=200)
    sums = resampled_sums([column(first), column(second)], ROUNDS, 0)
    (low, _), (_, high) = (percentile_interval(values[:, 0] / 200) for values in sums)
    assert low < high
    assert p_of(first, second) < 0.01


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_handful_of_rows_proves_nothing(rows: int) -> None:
    """Five rows all won: an exact sign test gives 2/32 as well."""
    assert p_of(np.ones(rows), np.zeros(rows)) >= 0.06


def test_holm_gives_the_textbook_values() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
