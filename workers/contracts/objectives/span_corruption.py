"""Span corruption: pretraining of encoder-decoder models on documents."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, Figure, ObjectiveInfo, ObjectiveOptions, setting

_T5_FAMILY = frozenset({"t5", "mt5", "umt5", "longt5", "switch_transformers"})
"""Models whose tokenizers have tokens for removed text."""
SPAN_PERPLEXITY = Figure("span_perplexity", _("Perplexity of removed text"))


class SpanCorruptionOptions(ObjectiveOptions):
    kind: Literal["span_corruption"] = "span_corruption"
    span_length: float = setting(
        3.0,
        title=_("Mean span length (tokens)"),
        help_text=_("Number of tokens in a row that are removed from the input, on average."),
        ge=1,
        le=32,
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="span_corruption",
        label=_("Span corruption"),
        families=(Family.SEQ2SEQ,),
        learns_documents=True,
        options=SpanCorruptionOptions,
        figures=(SPAN_PERPLEXITY,),
        model_types=_T5_FAMILY,
        implementation="workers.training.objectives.span_corruption:SpanCorruption",
    ),
    order=70,
)
