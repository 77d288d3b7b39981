"""How a trained classifier compares with a simple model (TF-IDF and logistic regression) on the same validation rows: the
result of a run, and its words."""

from enum import StrEnum

from pydantic import BaseModel

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import SIGNIFICANCE_LEVEL


class SimpleModelOutcome(StrEnum):
    """What the comparison says of the trained model."""

    BETTER = "better"
    UNPROVEN = "unproven"
    """More rows right than the simple model, but not significantly more."""
    NO_BETTER = "no_better"
    WORSE = "worse"


class SimpleModelComparison(BaseModel):
    """Both models on the same `rows` of the validation split. The simple one was fitted on `fitted_rows` of the `training_rows`
    that the run learned from, evenly spaced where there are more than it takes.

    `p_value` is that of the exact paired test (McNemar's), two-sided, over the rows that only one of the two gets right.
    """

    rows: int
    right: int
    simple_right: int
    p_value: float
    fitted_rows: int
    training_rows: int
    seconds: float

    @property
    def accuracy(self) -> float:
        return self.right / self.rows

    @property
    def simple_accuracy(self) -> float:
        return self.simple_right / self.rows

    @property
    def outcome(self) -> SimpleModelOutcome:
        if self.p_value < SIGNIFICANCE_LEVEL:
            return SimpleModelOutcome.BETTER if self.right > self.simple_right else SimpleModelOutcome.WORSE
        return SimpleModelOutcome.UNPROVEN if self.right > self.simple_right else SimpleModelOutcome.NO_BETTER


OUTCOME_WORDS: dict[SimpleModelOutcome, str] = {
    SimpleModelOutcome.BETTER: _("The model is significantly better than a simple model (%(p)s)."),
    SimpleModelOutcome.UNPROVEN: _("The model is not significantly better than a simple model (%(p)s)."),
    SimpleModelOutcome.NO_BETTER: _("A simple model is as good (%(p)s)."),
    SimpleModelOutcome.WORSE: _("A simple model is significantly better (%(p)s)."),
}
FIGURES = _(
    "It classifies %(accuracy)s of %(rows)s validation rows correctly, and TF-IDF with logistic regression %(simple)s of the same rows."
)
FIGURES_OF_SIMPLE = _(
    "TF-IDF with logistic regression classifies %(simple)s of %(rows)s validation rows correctly, and this model %(accuracy)s of the same rows."
)
"""Follow the words of an outcome, whose subject is the trained or the simple model."""
