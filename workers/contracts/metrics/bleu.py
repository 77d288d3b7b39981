"""BLEU: overlap of word sequences."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="bleu",
        label="BLEU",
        help=_("Overlap of word sequences with the reference; 100 is identical."),
        direction=Direction.HIGHER,
        scale=100,
        decimals=1,
        implementation="workers.evaluation.metrics.bleu:Bleu",
    ),
    order=2,
)
