"""Exact match."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="exact_match",
        label=_("Exact match"),
        help=_("Share of outputs that equal the reference, white space aside."),
        direction=Direction.HIGHER,
        scale=1,
        decimals=3,
        implementation="workers.evaluation.metrics.exact_match:ExactMatch",
    ),
    order=6,
)
