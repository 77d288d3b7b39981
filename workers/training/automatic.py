"""Fills what a recipe leaves open: the wizard's defaults, from the model, the data and what this machine can do."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.objectives import TargetLengthOptions
from workers.contracts.recipes import Length, Recipe, Tuning
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.objectives import Objective, Plan, chosen_objective, objective_for

LORA_ABOVE_PARAMETERS = 300_000_000
_MOST_DEFAULT_LENGTH = 4096
_WINDOW = 1024
"""Into which long texts are divided on a CPU: longer windows take more memory, and little is lost between them."""
_SHORT = 256
_FILLED = {"cpu": 256, "cuda": 1024}
"""Tokens of a row that documents fill. Longer rows on a CPU are slower per token, for little that small models learn of them."""
_FEWEST_FILLED = 200
"""Rows that a small corpus is divided into, so that an epoch has some steps."""
_SHORTEST_FILLED = 64

_SMALL_PARAMETERS = 12_000_000
_FAR_RATE = 5
"""Times the usual learning rate, or a part of it, from which pre-flight questions a rate and a verdict blames it."""

USUAL_MINUTES = {Length.QUICK: 2.0, Length.STANDARD: 10.0, Length.THOROUGH: 30.0}
"""What people expect each length to take; a run that takes much longer offers this as its limit."""
_PRETRAINED_EPOCHS = {Length.QUICK: 1.0, Length.STANDARD: 3.0, Length.THOROUGH: 6.0}


@dataclass(frozen=True)
class Lengths:
    """Tokens per row: 99.5th percentiles and longest, of inputs (whole rows for causal models) and of answers."""

    rows: int
    input_most: int
    input_longest: int
    target_most: int
    target_longest: int
    tokens: int = 0
    """Of all rows together."""


def needs_lengths(recipe: Recipe, objective: type[Objective[Any]]) -> bool:
    """Whether the data must be measured before this recipe can be filled."""
    if objective.learns_at_once:
        return False
    answers_open = objective.has_own_targets and recipe.max_target_length is None
    return recipe.max_length is None or answers_open


def percentile(counts: Counter[int], share: float) -> int:
    """The smallest value that at least `share` of the counted values do not exceed; 0 for none."""
    left = math.ceil(share * counts.total())
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return 0


def fill_recipe(
    recipe: Recipe,
    loaded: LoadedModel,
    lengths: Lengths,
    *,
    length: Length = Length.STANDARD,
) -> Recipe:
    """A copy with every automatic value set. Limits (steps, minutes) are set only where a person asked for them."""
    starter = not loaded.manifest.trained
    objective = objective_for(loaded, recipe)
    options = recipe.objective or chosen_objective(loaded, recipe).options()
    filled = recipe.model_copy()
    if objective.learns_at_once:
        filled.objective = options
        return filled
    filled.tuning = recipe.tuning or _tuning(loaded)
    filled.learning_rate = recipe.learning_rate or usual_rate(loaded, filled)
    if recipe.label_smoothing is None:
        filled.label_smoothing = objective.starter_smoothing if starter else 0.0
    filled.batch_rows = recipe.batch_rows or batch_rows(lengths.rows)
    context = loaded.manifest.context_length
    filled.max_length = min(recipe.max_length or _length(loaded, lengths, objective), context)
    if isinstance(options, TargetLengthOptions):
        wanted = options.max_target_length or _covering(
            lengths.target_most, lengths.target_longest, _MOST_DEFAULT_LENGTH, least=4
        )
        options = options.model_copy(update={"max_target_length": min(wanted, context)})
    filled.objective = options
    filled.tokens_per_microbatch = recipe.tokens_per_microbatch or (
        2048 if loaded.device.type == "cpu" else 16384
    )
    if starter:
        plan = objective.starter_plans[length]
        filled.epochs = recipe.epochs or _epochs(plan, -(-lengths.rows // filled.batch_rows))
    else:
        filled.epochs = recipe.epochs or _PRETRAINED_EPOCHS[length]
    return filled


def _length(loaded: LoadedModel, lengths: Lengths, objective: type[Objective[Any]]) -> int:
    """The usual length of a row in tokens, which the model's context may bound further."""
    if objective.fills_rows:
        most = _FILLED.get(loaded.device.type, _WINDOW)
        return max(_SHORTEST_FILLED, min(most, lengths.tokens // _FEWEST_FILLED))
    divides = objective.divides_long_texts(loaded.manifest) and loaded.device.type == "cpu"
    most = _WINDOW if divides else _MOST_DEFAULT_LENGTH
    return _covering(lengths.input_most, lengths.input_longest, most, least=16)


def _tuning(loaded: LoadedModel) -> Tuning:
    return Tuning.LORA if loaded.manifest.parameters > LORA_ABOVE_PARAMETERS else Tuning.FULL


def usual_rate(loaded: LoadedModel, recipe: Recipe) -> float:
    """The learning rate that suits most models of this kind, trained for this objective."""
    objective = objective_for(loaded, recipe)
    if recipe.adapters:
        return objective.lora_rate
    if not loaded.manifest.trained:
        return objective.starter_rate
    is_small = loaded.manifest.parameters < _SMALL_PARAMETERS
    return objective.pretrained_rate * (objective.small_rate if is_small else 1)


def is_far_rate(rate: float, usual: float) -> bool:
    """Whether a rate is so much larger or smaller than the usual one that it likely spoils the training."""
    return not usual / _FAR_RATE <= rate <= usual * _FAR_RATE


def batch_rows(rows: int) -> int:
    """32 rows a step, fewer when an epoch would have under 20 steps."""
    return max(4, min(32, rows // 20))


def _covering(most: int, longest: int, limit: int, *, least: int) -> int:
    """Nearly every row within the limit; all of them when the longest is short anyway, or not much longer."""
    wanted = longest if longest <= max(_SHORT, 1.5 * most) else most
    return max(least, min(limit, wanted))


def _epochs(plan: Plan, steps_per_epoch: int) -> float:
    return round(max(plan.fewest_epochs, min(plan.most_epochs, plan.steps / max(1, steps_per_epoch))), 1)


@dataclass
class TokenCounts:
    """How many examples have how many tokens: as inputs, as answers of their own, and in all."""

    inputs: Counter[int] = field(default_factory=Counter)
    targets: Counter[int] = field(default_factory=Counter)
    whole: Counter[int] = field(default_factory=Counter)

    def lengths(self) -> Lengths:
        """Return the lengths of rows that were encoded without a limit."""
        return Lengths(
            rows=self.inputs.total(),
            input_most=percentile(self.inputs, 0.995),
            input_longest=max(self.inputs, default=0),
            target_most=percentile(self.targets, 0.995),
            target_longest=max(self.targets, default=0),
            tokens=sum(length * rows for length, rows in self.whole.items()),
        )


def count_tokens(examples: Iterable[Example], objective: type[Objective[Any]]) -> TokenCounts:
    """Count the tokens of examples, which are not kept."""
    counts = TokenCounts()
    for example in examples:
        counts.inputs[example.longest_sequence] += 1
        if objective.has_own_targets:
            counts.targets[len(example.label_ids)] += 1
        counts.whole[objective.tokens(example)] += 1
    return counts
