"""Apps that make a short text of a long one."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from apps.publishing.kinds import APP_KINDS, AppKind, SamplingSettings, VisitorOption

_SHORT, _LONG = 0.5, 1.5
"""Of the mean length of the answers that a model learned from."""


class Summarization(AppKind):
    name = "summarization"
    label = gettext_lazy("Summarization")
    icon = "article"
    tasks = ("summarization",)
    welcome = gettext_lazy("Paste a long text to get a summary.")
    result_label = gettext_lazy("Summary")
    send_label = gettext_lazy("Summarize")
    options = (
        VisitorOption(
            "length",
            gettext_lazy("Length of the summary"),
            {
                "short": gettext_lazy("Short"),
                "medium": gettext_lazy("Medium"),
                "long": gettext_lazy("Long"),
            },
            default="medium",
        ),
    )

    def option_limits(
        self, settings: SamplingSettings, options: Mapping[str, Any], usual_tokens: Callable[[], float]
    ) -> dict[str, int]:
        """Medium is what the model learned. Short ends with the sentence that reaches half of that; long goes on to one
        and a half times that, if the text is long enough to be worth it (workers.contracts.engine.Sampling)."""
        length = options.get("length")
        if length == "short":
            return {"sentence_after": max(1, round(_SHORT * usual_tokens()))}
        if length == "long":
            return {"min_tokens": min(round(_LONG * usual_tokens()), settings.max_tokens)}
        return {}


APP_KINDS.add(Summarization(), order=2)
