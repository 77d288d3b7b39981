"""What the page and the API show of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.core.listing import BY_NAME, NEWEST, OLDEST, Listing
from apps.training.forms import recipe_fields, value_words
from apps.training.models import Sweep, SweepMetric, Trial
from apps.training.sweeps.messages import ending_words
from apps.training.sweeps.space import Choices, Setting, stored_space
from apps.training.sweeps.trials import best_of, trained_seconds, trials_of

SWEEPS = Listing(
    searches=("name", "preflight__dataset_version__dataset__name", "preflight__base_label"),
    sorts=(NEWEST, OLDEST, BY_NAME),
    page_size=5,
    prefix="sweeps-",
)


@dataclass(frozen=True)
class VariedSetting:
    """A setting that the sweep varies, between what, and how much it matters."""

    name: str
    title: str
    between: str
    importance: float | None


@dataclass(frozen=True)
class TrialRow:
    """A row of the table; `cells` are the varied settings with their values."""

    trial: Trial
    cells: list[tuple[VariedSetting, str]]
    is_best: bool


def varied_settings(sweep: Sweep) -> list[VariedSetting]:
    """The settings of a sweep, in the order of the recipe."""
    fields, space = recipe_fields(), stored_space(sweep.space)
    return [
        VariedSetting(
            name,
            _(field.title or ""),
            _between(space[name], Setting(name, field)),
            sweep.importances.get(name),
        )
        for name, field in fields.items()
        if name in space
    ]


def _between(domain: Any, setting: Setting) -> str:
    if isinstance(domain, Choices):
        return ", ".join(value_words(value) for value in domain.values)
    low, high = (value_words(setting.rounded(value)) for value in (domain.low, domain.high))
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def sweep_context(sweep: Sweep) -> dict[str, Any]:
    """What templates/training/sweep.html needs."""
    trials = trials_of(sweep)
    settings = varied_settings(sweep)
    best = best_of(trials, maximizes=sweep.maximizes)
    active = next((trial for trial in trials if trial.run.job.is_active), None)
    others = [trial for trial in trials if trial != best and trial.run.model_version.is_ready]
    return {
        "sweep": sweep,
        "settings": settings,
        "rows": [
            TrialRow(
                trial, [(one, value_words(trial.values.get(one.name))) for one in settings], trial == best
            )
            for trial in by_value(trials, maximizes=sweep.maximizes)
        ],
        "best": best,
        "best_settings": [(one.title, value_words(best.values.get(one.name))) for one in settings]
        if best
        else [],
        "active": active,
        "job": active.run.job if active else None,
        "ended": sum(trial.run.job.is_ended for trial in trials),
        "percent": _percent(sweep, trials),
        "seconds": trained_seconds(trials),
        "ending": ending_words(sweep),
        "is_higher_better": sweep.maximizes,
        "disposable": others if best and not sweep.is_active and active is None else [],
        "disposable_bytes": sum(trial.run.model_version.bytes for trial in others),
        "chart": chart_of(sweep, trials, settings),
    }


def by_value(trials: Sequence[Trial], *, maximizes: bool) -> list[Trial]:
    """The trials, the best first: complete ones, then those cut short, and last those without a value."""
    sign = -1 if maximizes else 1
    return sorted(
        trials,
        key=lambda trial: (
            not trial.is_complete,
            trial.value is None,
            sign * (trial.value or 0.0),
            trial.number,
        ),
    )


def _percent(sweep: Sweep, trials: Sequence[Trial]) -> int:
    """How much of its budget is used, by trials or by time, whichever ends first."""
    done = sum(1.0 if trial.run.job.is_ended else trial.run.job.share_done or 0.0 for trial in trials)
    shares = [done / sweep.most_trials] if sweep.most_trials else []
    if sweep.max_minutes:
        shares.append(trained_seconds(trials) / (sweep.max_minutes * 60))
    return min(100, round(100 * max(shares, default=0.0)))


def chart_of(sweep: Sweep, trials: Sequence[Trial], settings: Sequence[VariedSetting]) -> dict[str, Any]:
    """The points of the charts: the metric of every trial that has one, and the values of its settings."""
    shown = [trial for trial in trials if trial.value is not None]
    fields = recipe_fields()
    return {
        "maximizes": sweep.maximizes,
        "unit": "share" if SweepMetric(sweep.metric) is SweepMetric.ACCURACY else "",
        "trials": [
            {"number": trial.number, "value": trial.value, "complete": trial.is_complete} for trial in shown
        ],
        "settings": [
            {
                "name": one.name,
                "title": one.title,
                "log": Setting(one.name, fields[one.name]).search.log,
                "labels": [value_words(value) for value in Setting(one.name, fields[one.name]).values],
                "values": [
                    _place(Setting(one.name, fields[one.name]), trial.values[one.name]) for trial in shown
                ],
            }
            for one in settings
        ],
    }


def _place(setting: Setting, value: Any) -> float:
    """Where a value lies on its axis; choices are numbered."""
    return float(setting.values.index(value)) if setting.values else float(value)
