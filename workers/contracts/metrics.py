"""Metric declarations: name, label, direction. What computes them lies in workers/evaluation/metrics."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from workers.contracts.i18n import gettext_noop as _


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


SIGNIFICANCE_LEVEL = 0.05
"""A difference whose corrected p-value is below this is statistically significant."""
BOOTSTRAP_ROUNDS = 2_000
BOOTSTRAP_SEED = 17
"""One bootstrap for the interval of every figure: same resamples, same bounds wherever the figure is shown."""
SCORING_VERSION = 3
"""Rises when sampling, tokenization, baselines or intervals change: figures of two versions are not compared."""


class MetricInfo(BaseModel):
    """`scale` is the value that a perfect output gets (100 for chrF, 1 for accuracy), or None when unbounded."""

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    help: str
    direction: Direction
    scale: float | None
    decimals: int


METRICS: dict[str, MetricInfo] = {
    info.name: info
    for info in (
        MetricInfo(
            name="chrf",
            label="chrF",
            help=_("Overlap of character sequences with the reference; 100 is identical."),
            direction=Direction.HIGHER,
            scale=100,
            decimals=1,
        ),
        MetricInfo(
            name="bleu",
            label="BLEU",
            help=_("Overlap of word sequences with the reference; 100 is identical."),
            direction=Direction.HIGHER,
            scale=100,
            decimals=1,
        ),
        MetricInfo(
            name="rouge_1",
            label="ROUGE-1",
            help=_("Shared words with the reference summary; 100 is identical."),
            direction=Direction.HIGHER,
            scale=100,
            decimals=1,
        ),
        MetricInfo(
            name="rouge_2",
            label="ROUGE-2",
            help=_("Shared word pairs with the reference summary; 100 is identical."),
            direction=Direction.HIGHER,
            scale=100,
            decimals=1,
        ),
        MetricInfo(
            name="rouge_l",
            label="ROUGE-L",
            help=_("Longest common word sequence with the reference summary; 100 is identical."),
            direction=Direction.HIGHER,
            scale=100,
            decimals=1,
        ),
        MetricInfo(
            name="exact_match",
            label=_("Exact match"),
            help=_("Share of outputs that equal the reference, white space aside."),
            direction=Direction.HIGHER,
            scale=1,
            decimals=3,
        ),
        MetricInfo(
            name="accuracy",
            label=_("Accuracy"),
            help=_("Share of rows that got the right label."),
            direction=Direction.HIGHER,
            scale=1,
            decimals=3,
        ),
        MetricInfo(
            name="macro_f1",
            label=_("Macro-F1"),
            help=_("F1 averaged over labels, so that rare labels count as much as frequent ones."),
            direction=Direction.HIGHER,
            scale=1,
            decimals=3,
        ),
        MetricInfo(
            name="bits_per_byte",
            label=_("Bits per byte"),
            help=_("How surprised the model is by the reference; comparable across tokenizers."),
            direction=Direction.LOWER,
            scale=0,
            decimals=3,
        ),
        MetricInfo(
            name="perplexity",
            label=_("Perplexity"),
            help=_("The same surprise per token; comparable only between models that share a tokenizer."),
            direction=Direction.LOWER,
            scale=1,
            decimals=2,
        ),
    )
}
