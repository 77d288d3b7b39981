"""What the page of a run says of the comparison with a simple model, and what most likely helps."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.core.p_values import p_text
from apps.training.bases import LINEAR_STARTER
from apps.training.models import Run
from workers.contracts.recipes import StarterBase
from workers.contracts.simple_model import (
    FIGURES,
    FIGURES_OF_SIMPLE,
    OUTCOME_WORDS,
    SimpleModelComparison,
    SimpleModelOutcome,
)


@dataclass(frozen=True)
class Remedy:
    """A button: what may make a model better than the simple one, or need no training at all."""

    label: str
    icon: str
    url: str


@dataclass(frozen=True)
class SimpleModelText:
    """`is_beaten` says that the trained model is significantly better. `remedies` are empty then; else the likeliest comes
    first."""

    headline: str
    figures: str
    is_beaten: bool
    remedies: list[Remedy]


def simple_model_text(run: Run, *, can_continue: bool) -> SimpleModelText | None:
    """Return the comparison of an ended run in words, None where it has none. `can_continue` says that the page has a form for
    that."""
    try:
        found = SimpleModelComparison.model_validate((run.result or {}).get("simple_model"))
    except ValidationError:
        return None
    shown = {
        "rows": number_format(found.rows, force_grouping=True),
        "accuracy": _percent(found.accuracy),
        "simple": _percent(found.simple_accuracy),
        "p": p_text(found.p_value),
    }
    is_beaten = found.outcome is SimpleModelOutcome.BETTER
    is_ahead = found.outcome in (SimpleModelOutcome.BETTER, SimpleModelOutcome.UNPROVEN)
    figures = FIGURES if is_ahead else FIGURES_OF_SIMPLE
    return SimpleModelText(
        headline=_(OUTCOME_WORDS[found.outcome]) % shown,
        figures=f"{_(figures) % shown} {_fitted_rows(found)}",
        is_beaten=is_beaten,
        remedies=[] if is_beaten else _remedies(run, found.outcome, can_continue=can_continue),
    )


def _percent(share: float) -> str:
    return f"{number_format(f'{100 * share:.1f}', 1)} %"


def _fitted_rows(found: SimpleModelComparison) -> str:
    counts = {
        "rows": number_format(found.fitted_rows, force_grouping=True),
        "all": number_format(found.training_rows, force_grouping=True),
    }
    if found.fitted_rows < found.training_rows:
        return (
            _("The simple model was fitted on %(rows)s of the %(all)s training rows, evenly spaced.") % counts
        )
    return _("The simple model was fitted on the same %(rows)s training rows.") % counts


def _remedies(run: Run, outcome: SimpleModelOutcome, *, can_continue: bool) -> list[Remedy]:
    """An unfinished plan is finished first; a starter, which knows nothing but these rows, needs a better base. What is
    significantly better comes before both."""
    longer = [Remedy(_("Continue training"), "player-play", "#continue")] if can_continue else []
    if not run.dataset_version.is_ready:
        return longer
    data = {"data": run.dataset_version_id}
    bases = f"{reverse('catalog:base_recommended')}?{urlencode(data)}"
    better = [Remedy(_("Choose a pretrained base model"), "brain", bases)]
    wizard = f"{reverse('training:new')}?{urlencode(data | {'base': LINEAR_STARTER})}"
    simple = [Remedy(_("Train the simple model"), "chart-bar", wizard)]
    starts_at_zero = run.preflight.base.get("kind") == StarterBase.model_fields["kind"].default
    trained = [*better, *longer] if starts_at_zero and not run.steps_left else [*longer, *better]
    return [*simple, *trained] if outcome is SimpleModelOutcome.WORSE else [*trained, *simple]
