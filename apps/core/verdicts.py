"""A run's verdict (workers.contracts.verdicts) in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.core.texts import translated
from workers.contracts.verdicts import LEARNED_LABELS, PlanProgress, Verdict, VerdictCode

_SHARES = ("accuracy", "reward_accuracy", "share")


@dataclass(frozen=True)
class PlanText:
    """What share of its plan a run went through, and why it ended, in one `sentence`."""

    sentence: str
    progress: PlanProgress

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class VerdictText:
    """`warns`: publishing the model needs a confirmation. `fix` is the label of the button that most likely helps."""

    code: VerdictCode
    badge: str
    headline: str
    advice: str
    warns: bool
    fix: str = ""
    plan: PlanText | None = None

    @property
    def summary(self) -> str:
        """The headline, and what share of the plan it rests on."""
        return f"{self.headline} {self.plan}" if self.plan else self.headline


def plan_text(result: dict[str, Any] | None) -> PlanText | None:
    """How far a run with this RunResult went through its plan; None for a run that has not ended.

    Verdicts of earlier releases lack it; their results have the figures beside it.
    """
    result = result or {}
    stored = (result.get("verdict") or {}).get("plan") or {
        "steps": result.get("steps"),
        "planned_steps": result.get("planned_steps", 0),
        "ending": result.get("stopped"),
    }
    try:
        progress = PlanProgress.model_validate(stored)
    except ValidationError:
        return None
    shown = {
        "steps": number_format(progress.steps, force_grouping=True),
        "planned": number_format(progress.planned_steps, force_grouping=True),
        "share": _shown_part(progress.share or 0.0),
    }
    return PlanText(sentence=_(progress.words) % shown, progress=progress)


def verdict_text(result: dict[str, Any] | None) -> VerdictText | None:
    """The words for a RunResult as stored; None for a run that has not ended, or whose result has no words."""
    try:
        verdict = Verdict.model_validate((result or {}).get("verdict"))
    except ValidationError:
        return None
    words = verdict.words
    shown = {name: _shown(name, value) for name, value in verdict.parameters.items()}
    # Verdicts of earlier releases lack the share of right labels; the result has it beside them.
    if words is LEARNED_LABELS and "accuracy" not in shown:
        accuracy = (result or {}).get("validation_accuracy")
        if accuracy is None:
            return None
        shown["accuracy"] = _shown("accuracy", accuracy)
    return VerdictText(
        code=verdict.code,
        badge=_(words.badge),
        headline=_(words.headline) % shown,
        advice=_(words.advice) % shown if words.advice else "",
        warns=words.warns,
        fix=translated(verdict.fix.label) if verdict.fix else "",
        plan=plan_text(result),
    )


def warning_of(model_version: Any) -> VerdictText | None:
    """Why publishing this model needs a confirmation: the verdict of the run that left it, where it warns."""
    run = getattr(model_version, "run", None)
    found = verdict_text(run.result) if run is not None else None
    return found if found is not None and found.warns else None


def plan_of(model_version: Any) -> PlanText | None:
    """What share of its plan the run that left this model went through; None for any other model."""
    run = getattr(model_version, "run", None)
    return plan_text(run.result) if run is not None else None


def _shown_part(share: float) -> str:
    """A share of less than everything, which rounding turns neither into nothing nor into all."""
    return f"{number_format(f'{min(99.9, max(0.1, 100 * share)):.1f}', 1)} %"


def _shown(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    if name in _SHARES:
        return f"{number_format(f'{100 * value:.1f}', 1)} %"
    return number_format(f"{value:.0f}" if name == "rows" else f"{value:.3g}")
