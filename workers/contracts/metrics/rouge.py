"""ROUGE: words shared with a reference summary."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="rouge_1",
        label="ROUGE-1",
        help=_("Shared words with the reference summary; 100 is identical."),
        direction=Direction.HIGHER,
        scale=100,
        decimals=1,
        implementation="workers.evaluation.metrics.rouge:rouge_1",
    ),
    order=3,
)

METRICS.add(
    MetricInfo(
        name="rouge_2",
        label="ROUGE-2",
        help=_("Shared word pairs with the reference summary; 100 is identical."),
        direction=Direction.HIGHER,
        scale=100,
        decimals=1,
        implementation="workers.evaluation.metrics.rouge:rouge_2",
    ),
    order=4,
)

METRICS.add(
    MetricInfo(
        name="rouge_l",
        label="ROUGE-L",
        help=_("Longest common word sequence with the reference summary; 100 is identical."),
        direction=Direction.HIGHER,
        scale=100,
        decimals=1,
        implementation="workers.evaluation.metrics.rouge:rouge_l",
    ),
    order=5,
)
