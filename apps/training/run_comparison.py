"""Several runs side by side: their charts, results and settings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.training.charts import SMALL_CHARTS
from apps.training.forms import LENGTHS, recipe_words
from apps.training.models import Run
from workers.contracts.recipes import Length

MOST_RUNS = 8
"""As many lines can be told apart in a chart."""


@dataclass(frozen=True)
class OverlaidChart:
    """A chart with a line for each run. Of `metrics`, a run's line shows the first that it recorded."""

    title: str | Promise
    metrics: tuple[str, ...]
    unit: str = ""

    @property
    def names(self) -> str:
        """The metrics for the script."""
        return " ".join(self.metrics)


CHARTS = (
    OverlaidChart(_l("Validation loss"), ("validation_loss",)),
    # Runs of earlier releases recorded no smoothed loss.
    OverlaidChart(_l("Training loss, smoothed"), ("smoothed_train_loss", "train_loss")),
    *(OverlaidChart(chart.title, (chart.lines[0][0],), chart.unit) for chart in SMALL_CHARTS),
)


@dataclass(frozen=True)
class ComparedSetting:
    """A setting and its value in each run."""

    title: str
    name: str
    values: list[str]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def compared_settings(runs: Sequence[Run]) -> list[ComparedSetting]:
    """Return every setting that one of the runs has, with its values in the order of the runs."""
    settings: dict[tuple[str, str], list[str]] = {}
    for index, run in enumerate(runs):
        for title, name, value in _settings_of(run):
            settings.setdefault((title, name), ["–"] * len(runs))[index] = value
    return [ComparedSetting(title, name, values) for (title, name), values in settings.items()]


def _settings_of(run: Run) -> list[tuple[str, str, str]]:
    return [
        (_("Data"), "", str(run.dataset_version)),
        (_("Base"), "", run.preflight.base_label),
        (_("Length"), "", str(LENGTHS[Length(run.preflight.length)][0])),
        *recipe_words(run.recipe),
    ]


def comparison_context(runs: Sequence[Run], *, selected: int) -> dict[str, Any]:
    """Return what the page shows of `runs`, of which the user selected `selected`."""
    settings = compared_settings(runs)
    lines = [
        {
            "name": run.name,
            "address": reverse("training:metrics", args=[run.pk]),
            "isActive": run.job.is_active,
        }
        for run in runs
    ]
    return {
        "runs": runs,
        "selected": selected,
        "most": MOST_RUNS,
        "lines": json.dumps(lines),
        "charts": CHARTS,
        "differing": [setting for setting in settings if setting.differs],
        "same": [setting for setting in settings if not setting.differs],
    }
