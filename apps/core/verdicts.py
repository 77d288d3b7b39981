"""A run's verdict (workers.contracts.verdicts) in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.core.said import translate_said
from workers.contracts.verdicts import LEARNED_LABELS, Verdict, VerdictCode

_SHARES = ("accuracy", "share")


@dataclass(frozen=True)
class VerdictText:
    """`warns`: publishing the model needs a confirmation. `fix` is the label of the button that most likely helps."""

    code: VerdictCode
    badge: str
    headline: str
    advice: str
    warns: bool
    fix: str = ""


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
        fix=translate_said(verdict.fix.label) if verdict.fix else "",
    )


def warning_of(model_version: Any) -> VerdictText | None:
    """Why publishing this model needs a confirmation: the verdict of the run that left it, where it warns."""
    run = getattr(model_version, "run", None)
    found = verdict_text(run.result) if run is not None else None
    return found if found is not None and found.warns else None


def _shown(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    if name in _SHARES:
        return f"{number_format(f'{100 * value:.1f}', 1)} %"
    return number_format(f"{value:.0f}" if name == "rows" else f"{value:.3g}")
