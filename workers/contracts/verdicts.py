"""What a run's result amounts to: one code, its parameters, and the words of every page and the API.

The worker decides (workers.training.verdict); pages format `Verdict.words` with the parameters.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from workers.contracts.events import Fix
from workers.contracts.i18n import gettext_noop as _

LEAST_GAIN = 0.01
"""Share of the base's loss by which a run must lower it; below that lies the noise between validation rounds."""


class VerdictCode(StrEnum):
    LEARNED = "learned"
    UNCHECKED = "unchecked"
    DIVERGED = "diverged"
    NOTHING_LEARNED = "nothing_learned"
    EMPTY_ANSWERS = "empty_answers"
    CONSTANT_ANSWERS = "constant_answers"
    MOST_FREQUENT_LABEL = "most_frequent_label"


RunEnding = Literal["finished", "early_stopping", "time", "user", "hours", "pruned", "budget"]
"""What ended a run: `time` is the recipe's limit, `hours` the quota of the workspace. `pruned` and `budget` end trials: their
sweep found them worse than others, or has used up its time."""


class PlanProgress(BaseModel):
    """How much of its plan a run went through, and what ended it.

    Steps count from the beginning of the first run where one continues another; `planned_steps` is 0 where it is unknown.
    """

    steps: int
    planned_steps: int = 0
    ending: RunEnding

    @property
    def share(self) -> float | None:
        """Share of the planned steps; None where the plan is unknown."""
        return min(1.0, self.steps / self.planned_steps) if self.planned_steps else None

    @property
    def is_complete(self) -> bool:
        """Whether every planned step was done, whatever was asked of the run at its last one."""
        return self.ending == "finished" if self.share is None else self.share >= 1

    @property
    def words(self) -> str:
        """The sentence to fill with steps, planned steps and share."""
        known, unknown = PLAN_WORDS["finished" if self.is_complete else self.ending]
        return known if self.planned_steps else unknown


class Verdict(BaseModel):
    """`parameters` fill the words: losses in nats, `accuracy` and `share` as shares of 1, `rows` as a count.

    `fix` is the recipe change that most likely helps; None where only longer training or more data does. `plan` is None in
    verdicts of earlier releases.
    """

    code: VerdictCode
    parameters: dict[str, float | str] = Field(default_factory=dict)
    fix: Fix | None = None
    plan: PlanProgress | None = None
    learned_at_once: bool = False
    """Whether there were no steps, so that longer training is no advice."""

    @property
    def words(self) -> "VerdictWords":
        """The words to fill with the parameters. Only a loss that fell is called so, and the advice is that of the fix."""
        if self.code is VerdictCode.LEARNED and "reward_accuracy" in self.parameters:
            return LEARNED_PREFERENCES
        if self.code is VerdictCode.LEARNED and not self._loss_fell:
            return LEARNED_LABELS
        words = UNPROVEN_LABELS if self.may_be_chance else VERDICTS[self.code]
        if self.learned_at_once and words.advice:
            return replace(words, advice=AT_ONCE_ADVICE)
        if self.fix is None or self.code is VerdictCode.DIVERGED:
            return words
        return replace(words, advice=FAR_RATE_ADVICE)

    @property
    def may_be_chance(self) -> bool:
        """Whether more labels are right than the most frequent one makes up, but not significantly more."""
        right, share = self.parameters.get("accuracy"), self.parameters.get("share")
        is_label = self.code is VerdictCode.MOST_FREQUENT_LABEL
        return is_label and isinstance(right, float) and isinstance(share, float) and right > share

    @property
    def _loss_fell(self) -> bool:
        loss, base = self.parameters.get("loss"), self.parameters.get("base_loss")
        return isinstance(loss, float) and isinstance(base, float) and loss < (1 - LEAST_GAIN) * base

    @property
    def warns(self) -> bool:
        """Whether publishing the model needs a confirmation."""
        return VERDICTS[self.code].warns


@dataclass(frozen=True)
class VerdictWords:
    """`badge` for lists, `headline` for the run and model pages, `advice` for what to do next."""

    badge: str
    headline: str
    advice: str
    warns: bool = True


VERDICTS: dict[VerdictCode, VerdictWords] = {
    VerdictCode.LEARNED: VerdictWords(
        _("Learned"),
        _("The model has learned: the loss fell from %(base_loss)s to %(loss)s."),
        "",
        warns=False,
    ),
    VerdictCode.UNCHECKED: VerdictWords(
        _("Not checked"),
        _("There are no validation rows, so nothing shows whether the model has learned."),
        _("Compare the model with its base, or add validation rows."),
        warns=False,
    ),
    VerdictCode.DIVERGED: VerdictWords(
        _("Diverged"),
        _("Training diverged: the loss is %(loss)s, and it was %(base_loss)s before training."),
        _("The learning rate %(rate)s is too high. Train again with a lower one."),
    ),
    VerdictCode.NOTHING_LEARNED: VerdictWords(
        _("Learned nothing"),
        _("The model has learned nothing: the loss is %(loss)s, and it was %(base_loss)s before training."),
        _("Train longer, add more rows, or choose a larger base model."),
    ),
    VerdictCode.EMPTY_ANSWERS: VerdictWords(
        _("Empty answers"),
        _("The model has not learned to answer: all %(rows)s sample answers are empty."),
        _("Train longer, add more rows, or choose a larger base model."),
    ),
    VerdictCode.CONSTANT_ANSWERS: VerdictWords(
        _("Same answer"),
        _("The model gives the same answer to all %(rows)s sample rows: “%(answer)s”."),
        _("Train longer, add more rows, or choose a larger base model."),
    ),
    VerdictCode.MOST_FREQUENT_LABEL: VerdictWords(
        _("Only one label"),
        _(
            "The model is no better than always answering “%(label)s”: it classifies %(accuracy)s of the validation rows correctly, and that label alone makes up %(share)s."
        ),
        _("Train longer, add more rows, or choose a larger base model."),
    ),
}

LEARNED_LABELS = VerdictWords(
    _("Learned"),
    _("The model has learned: it classifies %(accuracy)s of the validation rows correctly."),
    "",
    warns=False,
)
"""LEARNED of a classifier whose loss did not fall, because it is too sure of its wrong labels."""

LEARNED_PREFERENCES = VerdictWords(
    _("Learned"),
    _(
        "The model has learned: it prefers the chosen answer to the rejected one in %(reward_accuracy)s of the validation rows."
    ),
    "",
    warns=False,
)
"""LEARNED of a model that was trained on chosen and rejected answers."""

UNPROVEN_LABELS = VerdictWords(
    _("No significant gain"),
    _(
        "The model is not significantly better than always answering “%(label)s”: it classifies %(accuracy)s of the %(rows)s validation rows correctly, and that label alone makes up %(share)s."
    ),
    _("Train longer, or add more rows. With more validation rows, a smaller gain becomes significant."),
)
"""MOST_FREQUENT_LABEL of a classifier that gets a few more rows right than that label, which may be chance."""

FAR_RATE_ADVICE = _(
    "The learning rate is far from the usual one for this base model. Train again with the usual rate."
)
"""Replaces the advice of a verdict with a fix: longer training at such a rate does not help."""

AT_ONCE_ADVICE = _("Add more rows, or train a model that reads more than single words.")
"""Replaces the advice of a verdict on a linear model."""

PLAN_WORDS: dict[RunEnding, tuple[str, str]] = {
    "finished": (
        _("The run finished all planned steps (%(planned)s)."),
        _("The run finished all its steps."),
    ),
    "early_stopping": (
        _(
            "Early stopping ended the run after step %(steps)s of %(planned)s (%(share)s), because the validation results stopped improving."
        ),
        _(
            "Early stopping ended the run after step %(steps)s, because the validation results stopped improving."
        ),
    ),
    "time": (
        _("The time limit ended the run after step %(steps)s of %(planned)s (%(share)s)."),
        _("The time limit ended the run after step %(steps)s."),
    ),
    "user": (
        _("A user stopped the run after step %(steps)s of %(planned)s (%(share)s)."),
        _("A user stopped the run after step %(steps)s."),
    ),
    "hours": (
        _(
            "The run was stopped after step %(steps)s of %(planned)s (%(share)s), because the training hours of the workspace were used up."
        ),
        _(
            "The run was stopped after step %(steps)s, because the training hours of the workspace were used up."
        ),
    ),
    "pruned": (
        _(
            "The sweep stopped this trial after step %(steps)s of %(planned)s (%(share)s), because its validation results were worse than the median of the earlier trials."
        ),
        _(
            "The sweep stopped this trial after step %(steps)s, because its validation results were worse than the median of the earlier trials."
        ),
    ),
    "budget": (
        _(
            "The sweep stopped this trial after step %(steps)s of %(planned)s (%(share)s), because its time budget was used up."
        ),
        _("The sweep stopped this trial after step %(steps)s, because its time budget was used up."),
    ),
}
"""By what ended the run: with the plan known, and for runs of earlier releases without."""
