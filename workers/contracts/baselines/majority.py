"""The label that most training rows have."""

from workers.contracts.baselines import BASELINES, Baseline
from workers.contracts.i18n import gettext_noop as _

BASELINES.add(
    Baseline(
        name="majority",
        label=_("Most frequent label"),
        fits=lambda task: task.has_labels,
        implementation="workers.evaluation.baselines.labels:majority",
    ),
    order=6,
)
