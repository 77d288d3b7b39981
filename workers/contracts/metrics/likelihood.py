"""How surprised a model is by the references."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="bits_per_byte",
        label=_("Bits per byte"),
        help=_("How surprised the model is by the reference; comparable across tokenizers."),
        direction=Direction.LOWER,
        scale=0,
        decimals=3,
        implementation="workers.evaluation.metrics.likelihood:BitsPerByte",
    ),
    order=9,
)

METRICS.add(
    MetricInfo(
        name="perplexity",
        label=_("Perplexity"),
        help=_("The same surprise per token; comparable only between models that share a tokenizer."),
        direction=Direction.LOWER,
        scale=1,
        decimals=2,
        implementation="workers.evaluation.metrics.likelihood:Perplexity",
    ),
    order=10,
)
