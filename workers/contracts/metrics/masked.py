"""How well an encoder fills in hidden tokens."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="masked_accuracy",
        label=_("Masked accuracy"),
        help=_("Share of hidden tokens that the model fills in correctly."),
        direction=Direction.HIGHER,
        scale=1,
        decimals=3,
        implementation="workers.evaluation.metrics.masked:MaskedAccuracy",
    ),
    order=20,
)

METRICS.add(
    MetricInfo(
        name="masked_perplexity",
        label=_("Masked perplexity"),
        help=_(
            "How uncertain the model is about hidden tokens; comparable only between models that share a tokenizer."
        ),
        direction=Direction.LOWER,
        scale=1,
        decimals=2,
        implementation="workers.evaluation.metrics.masked:MaskedPerplexity",
    ),
    order=21,
)
