"""Logistic regression over the words of a text."""

from workers.contracts.baselines import BASELINES, Baseline
from workers.contracts.i18n import gettext_noop as _

BASELINES.add(
    Baseline(
        name="linear",
        label=_("TF-IDF + logistic regression"),
        fits=lambda task: task.has_labels,
        implementation="workers.evaluation.baselines.labels:linear",
    ),
    order=1,
)
