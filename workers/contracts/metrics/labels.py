"""Metrics of classification."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="accuracy",
        label=_("Accuracy"),
        help=_("Share of rows that got the right label."),
        direction=Direction.HIGHER,
        scale=1,
        decimals=3,
        implementation="workers.evaluation.metrics.labels:Accuracy",
    ),
    order=7,
)

METRICS.add(
    MetricInfo(
        name="macro_f1",
        label=_("Macro-F1"),
        help=_("F1 averaged over labels, so that rare labels count as much as frequent ones."),
        direction=Direction.HIGHER,
        scale=1,
        decimals=3,
        implementation="workers.evaluation.metrics.labels:MacroF1",
    ),
    order=8,
)
