"""Every trained classifier is compared with TF-IDF and logistic regression on the validation rows of its own run."""

from pathlib import Path

import pytest
from scipy.stats import binomtest

from workers.contracts.families import Family
from workers.contracts.metrics import SIGNIFICANCE_LEVEL
from workers.contracts.simple_model import SimpleModelComparison, SimpleModelOutcome
from workers.training import simple_model
from workers.training.run import run
from workers.training.simple_model import exact_paired_p

pytestmark = pytest.mark.once


@pytest.mark.training
def test_a_run_is_compared_on_the_rows_that_validation_looks_at(make_spec, recording) -> None:
    spec = make_spec(Family.CLASSIFIER, validation_rows=15)
    result = run(spec, recording())
    found = result.simple_model
    assert found is not None
    assert (found.rows, found.fitted_rows, found.training_rows) == (15, 60, 60)
    assert found.accuracy == pytest.approx(result.validation_accuracy)
    assert found.simple_right == 15, "the colour of a phrase is one of its words"
    assert result.model_dump()["simple_model"]["right"] == found.right
    card = (Path(spec.work) / "out" / "README.md").read_text()
    assert "A simple model (TF-IDF with logistic regression) classifies 100.0%" in card


@pytest.mark.training
def test_many_rows_are_fitted_in_part(make_spec, recording, monkeypatch) -> None:
    monkeypatch.setattr(simple_model, "_MOST_ROWS", 20)
    found = run(make_spec(Family.CLASSIFIER, max_steps=2), recording()).simple_model
    assert found is not None
    assert (found.fitted_rows, found.training_rows) == (20, 60)


@pytest.mark.training
def test_long_texts_are_fitted_in_part(make_spec, recording, monkeypatch) -> None:
    monkeypatch.setattr(simple_model, "_MOST_CHARACTERS", 200)
    found = run(make_spec(Family.CLASSIFIER, max_steps=2), recording()).simple_model
    assert found is not None
    assert 1 <= found.fitted_rows < 20


@pytest.mark.training
def test_only_classifiers_are_compared(make_spec, recording) -> None:
    assert run(make_spec(Family.SEQ2SEQ, max_steps=2), recording()).simple_model is None


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (1, 0), (5, 5), (9, 1), (0, 6), (30, 12)])
def test_the_paired_test_is_the_exact_one(only_first: int, only_second: int) -> None:
    differing = only_first + only_second
    expected = binomtest(only_first, differing, 0.5).pvalue if differing else 1.0
    assert exact_paired_p(only_first, only_second) == pytest.approx(min(1.0, expected))


@pytest.mark.parametrize(
    ("right", "simple_right", "p", "outcome"),
    [
        (90, 80, 0.01, SimpleModelOutcome.BETTER),
        (82, 80, 0.7, SimpleModelOutcome.UNPROVEN),
        (80, 80, 1.0, SimpleModelOutcome.NO_BETTER),
        (78, 80, 0.7, SimpleModelOutcome.NO_BETTER),
        (70, 80, 0.01, SimpleModelOutcome.WORSE),
        (90, 80, SIGNIFICANCE_LEVEL, SimpleModelOutcome.UNPROVEN),
    ],
)
def test_the_outcome_follows_the_test(
    right: int, simple_right: int, p: float, outcome: SimpleModelOutcome
) -> None:
    found = SimpleModelComparison(
        rows=100,
        right=right,
        simple_right=simple_right,
        p_value=p,
        fitted_rows=50,
        training_rows=50,
        seconds=1,
    )
    assert found.outcome is outcome
