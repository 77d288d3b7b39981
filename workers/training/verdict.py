"""Decides what a run amounts to: whether the kept model learned anything, and what would most likely help."""

import math
from collections import Counter
from collections.abc import Sequence

from scipy.special import bdtrc

from workers.contracts.events import Fix
from workers.contracts.excerpts import excerpt
from workers.contracts.metrics import SIGNIFICANCE_LEVEL
from workers.contracts.model_folder import ParityRecord
from workers.contracts.recipes import Recipe
from workers.contracts.tasks import TASKS
from workers.contracts.texts import Text
from workers.contracts.verdicts import LEAST_GAIN, PlanProgress, RunEnding, Verdict, VerdictCode
from workers.models.prompts import Example
from workers.training.automatic import is_far_rate, usual_rate
from workers.training.checkpoints import TrainingState, Validation
from workers.training.loop import Loop

_DIVERGED_OVER = 1.2
"""A loss this many times that of the untouched base was driven away from it; a model that learned nothing stays near 1."""
_SURE_OVER = 6
"""Times the loss of guessing (ln of the labels) that no over-confidence explains. A wrong label of which a classifier is
sure costs about ten nats, and one that beats the most frequent of two labels gets fewer than half of them wrong."""
_FEWEST_ANSWERS = 4
"""Sample answers that must agree before they count as always the same."""
_LONGEST_QUOTE = 80


def judge(loop: Loop, records: Sequence[ParityRecord], ending: RunEnding) -> Verdict:
    """The verdict on the model as it will be left; `records` are its own answers to validation rows."""
    plan = PlanProgress(steps=loop.state.step, planned_steps=loop.steps, ending=ending)
    at_once = loop.objective.learns_at_once
    return _judge_model(loop, records).model_copy(update={"plan": plan, "learned_at_once": at_once})


def _judge_model(loop: Loop, records: Sequence[ParityRecord]) -> Verdict:
    kept = kept_validation(loop.state, loop.recipe)
    before, after = _losses(loop.state, kept)
    usual = usual_rate(loop.loaded, loop.recipe)
    if before is None or after is None:
        return Verdict(code=VerdictCode.UNCHECKED)
    losses: dict[str, float | str] = {"loss": after if math.isfinite(after) else "∞", "base_loss": before}
    if kept is not None and kept.accuracy is not None:
        losses["accuracy"] = kept.accuracy
    if kept is not None and "reward_accuracy" in (figures := loop.objective.report(kept)):
        losses["reward_accuracy"] = figures["reward_accuracy"]
    constant = _constant_answer(loop, kept, records)
    guesses = constant is not None and not constant.may_be_chance
    if not loop.objective.learns_at_once and _has_diverged(loop, before, after, guesses=guesses):
        rate = loop.recipe.learning_rate or usual
        return Verdict(
            code=VerdictCode.DIVERGED,
            parameters=losses | {"rate": f"{rate:g}"},
            fix=_rate_fix(min(rate / 4, usual)),
        )
    far = None if loop.objective.learns_at_once else _far_rate_fix(loop.recipe, usual)
    if constant is not None:
        return constant.model_copy(update={"fix": far})
    improved = after < (1 - LEAST_GAIN) * before
    if not improved and not _may_rise(loop, kept):
        return Verdict(code=VerdictCode.NOTHING_LEARNED, parameters=losses, fix=far)
    code = VerdictCode.LEARNED if kept is not None else VerdictCode.UNCHECKED
    return Verdict(code=code, parameters=losses)


def kept_validation(state: TrainingState, recipe: Recipe) -> Validation | None:
    """The validation round of the weights that are kept."""
    return state.best if recipe.keep_best and state.best is not None else state.last


def _losses(state: TrainingState, kept: Validation | None) -> tuple[float | None, float | None]:
    """Before and after training: on validation rows, or where there are none on training rows."""
    if kept is not None and state.base is not None:
        return state.base.loss, kept.loss
    return state.first_loss, state.train_loss if state.step > 1 else None


def _has_diverged(loop: Loop, before: float, after: float, *, guesses: bool) -> bool:
    """Whether the loss rose further than anything but a training out of control explains.

    The loss of a classifier that is too sure of its wrong labels rises while it still learns to answer.
    """
    if not math.isfinite(after):
        return True
    if after <= _DIVERGED_OVER * before:
        return False
    if not loop.loaded.manifest.labels or guesses:
        return True
    guessing = math.log(max(2, len(loop.loaded.manifest.labels)))
    gain = _accuracy_gain(loop.state, kept_validation(loop.state, loop.recipe))
    # Rows that it learns from, whose labels no model becomes sure to miss: worse than guessing is out of control.
    if gain is None:
        return after > _DIVERGED_OVER * guessing
    return gain < 0 or after > _SURE_OVER * guessing


def _may_rise(loop: Loop, kept: Validation | None) -> bool:
    """Whether the loss need not have fallen: more labels are right than before, or only rows it learned from were looked at."""
    if not loop.loaded.manifest.labels:
        return False
    gain = _accuracy_gain(loop.state, kept)
    return gain is None or gain > 0


def _accuracy_gain(state: TrainingState, kept: Validation | None) -> float | None:
    """How much larger the share of right labels is than before training; None without validation rows."""
    if kept is None or state.base is None or kept.accuracy is None:
        return None
    return kept.accuracy - (state.base.accuracy or 0.0)


def _constant_answer(loop: Loop, kept: Validation | None, records: Sequence[ParityRecord]) -> Verdict | None:
    if loop.loaded.manifest.labels:
        return _most_frequent_label(loop.loaded.manifest.labels, loop.data.validation, kept)
    answers = [record.output.strip() for record in records]
    # A base model that was trained on documents answers nothing; its loss says what it learned.
    if not answers or TASKS[loop.loaded.manifest.task_type].is_corpus:
        return None
    if not any(answers):
        return Verdict(code=VerdictCode.EMPTY_ANSWERS, parameters={"rows": len(answers)})
    expected = {row.row_id: row.target for row in loop.data.watched}
    varied = len({expected.get(record.row_id, "") for record in records}) > 1
    asked = {tuple((m.role, m.content) for m in record.prompt) for record in records}
    if len(answers) >= _FEWEST_ANSWERS and len(set(answers)) == 1 and varied and len(asked) > 1:
        quote = excerpt(answers[0], _LONGEST_QUOTE)
        return Verdict(code=VerdictCode.CONSTANT_ANSWERS, parameters={"rows": len(answers), "answer": quote})
    return None


def _most_frequent_label(
    labels: Sequence[str], validation: Sequence[Example], kept: Validation | None
) -> Verdict | None:
    counts = Counter(example.label_ids[0] for example in validation)
    if kept is None or kept.accuracy is None or len(counts) < 2:
        return None
    [(label, most)] = counts.most_common(1)
    rows = len(validation)
    share = most / rows
    if kept.accuracy > share and _is_significant(round(kept.accuracy * rows), rows, share):
        return None
    return Verdict(
        code=VerdictCode.MOST_FREQUENT_LABEL,
        parameters={"label": labels[label], "accuracy": kept.accuracy, "share": share, "rows": rows},
    )


def _is_significant(right: int, rows: int, share: float) -> bool:
    """Whether so many right labels are significantly more than a model gets that is right with probability `share`.

    An exact one-sided binomial test at the level of comparisons (Conover 1999, "Practical Nonparametric Statistics",
    section 3.1). With so few rows that even all of them right are not significant, it decides nothing: any gain counts.
    """
    if share**rows >= SIGNIFICANCE_LEVEL:
        return True
    return float(bdtrc(right - 1, rows, share)) < SIGNIFICANCE_LEVEL


def _far_rate_fix(recipe: Recipe, usual: float) -> Fix | None:
    return _rate_fix(usual) if is_far_rate(recipe.learning_rate or usual, usual) else None


def _rate_fix(rate: float) -> Fix:
    lower = float(f"{rate:.2g}")
    return Fix(label=Text("training.fix_learning_rate", rate=lower), recipe={"learning_rate": lower})
