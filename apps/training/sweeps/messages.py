"""Why a sweep has ended, on its page and in the messages to its owner."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.texts import translated
from apps.jobs.notifications import EndMessage
from apps.training.models import Sweep, SweepEnding
from apps.training.sweeps.trials import best_of, trained_seconds, trials_of

_FULL = (SweepEnding.TRIALS, SweepEnding.MINUTES)
"""Endings by the budget."""


def ending_words(sweep: Sweep) -> str:
    """Why the sweep has ended, in the reader's language."""
    if sweep.is_active:
        return ""
    said = str(SweepEnding(sweep.ending).label)
    return f"{said} {translated(sweep.ending_detail)}".strip()


def message_about(sweep: Sweep) -> EndMessage:
    """The message about a sweep that has ended, in the language that is in use."""
    trials = trials_of(sweep)
    best = best_of(trials, maximizes=sweep.maximizes)
    return EndMessage(
        kind="sweep",
        title=sweep.name,
        outcome=_("Finished") if sweep.ending in _FULL else _("Ended early"),
        detail=" ".join(
            filter(None, (ending_words(sweep), _best_words(sweep, best.value if best else None)))
        ),
        path=reverse("training:sweep", args=[sweep.pk]),
        seconds=trained_seconds(trials),
        facts={
            "id": str(sweep.pk),
            "ending": sweep.ending,
            "trials": len(trials),
            "best": {"run": str(best.run_id), "settings": best.values, sweep.metric: best.value}
            if best
            else None,
        },
    )


def _best_words(sweep: Sweep, value: float | None) -> str:
    if value is None:
        return ""
    shown = f"{100 * value:.1f} %" if sweep.maximizes else f"{value:.4f}"
    words = {"metric": sweep.get_metric_display(), "value": shown}
    return _("%(metric)s of the best trial: %(value)s.") % words
