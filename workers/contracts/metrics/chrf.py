"""chrF and chrF++: overlap of character sequences, the second one with words."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="chrf",
        label="chrF",
        help=_("Overlap of character sequences with the reference; 100 is identical."),
        direction=Direction.HIGHER,
        scale=100,
        decimals=1,
        implementation="workers.evaluation.metrics.chrf:Chrf",
    ),
    order=1,
)
METRICS.add(
    MetricInfo(
        name="chrf_plus_plus",
        label="chrF++",
        help=_(
            "Overlap of character sequences, words and pairs of words with the reference; 100 is identical."
        ),
        direction=Direction.HIGHER,
        scale=100,
        decimals=1,
        implementation="workers.evaluation.metrics.chrf:ChrfPlusPlus",
    ),
    order=1,
)
