"""Repetition: whether a model says the same again and again."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="repetition",
        label=_("Repetition"),
        help=_(
            "Share of word sequences in the outputs that repeat an earlier one of the same output, in percent; 0 is best."
        ),
        direction=Direction.LOWER,
        scale=None,
        decimals=1,
        implementation="workers.evaluation.metrics.repetition:Repetition",
        tasks=frozenset({"chat", "instruction", "generation", "summarization", "translation"}),
    ),
    order=12,
)
