"""The small charts below the loss of a run: which figures each draws, and in which unit."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workers.contracts.objectives import Figure


@dataclass(frozen=True)
class SmallChart:
    """`lines` are names of metrics with their labels; `unit` is one that `run-figures.js` knows, or empty."""

    title: str | Promise
    lines: tuple[tuple[str, str | Promise], ...]
    unit: str = ""

    @property
    def lines_json(self) -> str:
        """The lines for the script, in the reader's language."""
        return json.dumps([[name, str(label)] for name, label in self.lines])


SMALL_CHARTS = (
    SmallChart(
        _("Validation accuracy"), (("validation_accuracy", _("rows classified correctly")),), unit="share"
    ),
    SmallChart(
        _("Reward accuracy"), (("reward_accuracy", _("rows with the chosen answer preferred")),), unit="share"
    ),
    SmallChart(_("Rewards"), (("good_reward", _("good answers")), ("bad_reward", _("bad answers")))),
    SmallChart(_("Reward margin"), (("reward_margin", _("mean reward margin")),)),
    SmallChart(_("Learning rate"), (("learning_rate", _("learning rate")),)),
    SmallChart(_("Gradient norm"), (("gradient_norm", _("gradient norm")),)),
    SmallChart(_("Tokens per second"), (("tokens_per_second", _("tokens per second")),)),
    SmallChart(_("Memory"), (("memory_bytes", _("in use")), ("peak_memory_bytes", _("peak"))), unit="bytes"),
    SmallChart(_("GPU utilization"), (("gpu_utilization", _("time in use")),), unit="share"),
    SmallChart(_("GPU temperature"), (("gpu_temperature", _("temperature")),), unit="celsius"),
)
"""A chart without any value is not shown: a CPU has no GPU figures."""


def charts_with(figures: Iterable[Figure]) -> list[SmallChart]:
    """Return the charts of a run whose objective reports these figures, its own first."""
    own = [
        SmallChart(
            _(figure.label), ((figure.name, _(figure.label)),), unit="share" if figure.is_share else ""
        )
        for figure in figures
    ]
    return [*own, *SMALL_CHARTS]
