"""What a run will cost, from doing a little of it: seconds, memory, disk."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from workers.contracts.memory_needs import least_training_bytes
from workers.contracts.recipes import Length, Precision, Recipe, Tuning
from workers.models.devices import DTYPES, cast_parameters
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.shared import memory
from workers.training.adapters import add_adapters, frozen_layers, merge_adapters
from workers.training.automatic import USUAL_MINUTES
from workers.training.bases import prepare_model
from workers.training.data import Order
from workers.training.encoding import Spread
from workers.training.hardware import peak_memory
from workers.training.loop import total_steps
from workers.training.objectives import Objective, create_objective
from workers.training.optimizer import Optimizer
from workers.training.progress import Phases
from workers.training.quantization import BYTES_PER_WEIGHT
from workers.training.validation import share_sums, validate

_LEAST_TIMED_SECONDS = 2.0
_MOST_TIMED_SECONDS = 12.0
"""For the fewest groups: on a busy machine two seconds are over after one or two."""
_FEWEST_TIMED_GROUPS = 6
_MOST_TIMED_GROUPS = 24
_MOST_SEARCHED_STEPS = 1000
"""Of the run, among which the group that takes the most memory is looked for; that of the longest row is one more."""
_LEARNED_WEIGHT = 0.5
"""What the logits of a learned token take, in the memory of a token that is only read; near enough to rank groups."""
_NO_RATE = 1e-9
_SOLVED_ROWS = 2_000
_FEATURE_BYTES = 50
"""What a token takes while an objective that learns at once collects its features, at most."""
_FORWARD_SHARE = 0.35
"""Of a forward and backward pass, what the forward pass alone takes."""
_OVERHEAD_SECONDS = 10.0
"""Starting the process, loading and saving; measured with starters."""
_SAMPLE_SECONDS = 1.0
_MUCH_LONGER = 1.5
"""Times the usual minutes from which a limit is offered."""


@dataclass(frozen=True)
class Speed:
    """Seconds per token through forward and backward, and per optimizer step.

    `memory_bytes` is the most that the run's process will hold at once, by the measure of `hardware.peak_memory`: on the CPU
    its resident memory, the interpreter and its libraries included.
    """

    per_token: float
    per_step: float
    memory_bytes: int
    trained_parameters: int


@dataclass(frozen=True)
class _Groups:
    """Micro-batches of one run: `fullest` are of one step, in their order, among them the one that takes the most memory;
    `validated` is the largest of the validation rows, or empty."""

    smallest: list[Example]
    fullest: list[list[Example]]
    others: list[list[Example]]
    validated: list[Example] = field(default_factory=list)


def least_memory(loaded: LoadedModel, recipe: Recipe, precision: Precision) -> int:
    """Bytes that weights, gradients and optimizer take, activations aside: what must fit before anything is tried."""
    if recipe.tuning is Tuning.QLORA and loaded.device.type != "cpu":
        quantized = sum(layer.weight.numel() for layer in frozen_layers(loaded))
        others = least_training_bytes(loaded.manifest.parameters - quantized, recipe.tuning, precision)
        return others + round(quantized * BYTES_PER_WEIGHT)
    return least_training_bytes(loaded.manifest.parameters, recipe.tuning, precision)


def free_memory(device: torch.device) -> int:
    """Bytes that a run may take, after this process has ended: what is free now, and what this process holds itself."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) + int(torch.cuda.memory_reserved(device))
    return memory.free() + memory.held()


def measure_speed(
    loaded: LoadedModel,
    recipe: Recipe,
    precision: Precision,
    examples: Sequence[Example],
    watched: Sequence[Example],
    phases: Phases,
) -> Speed:
    """Try some groups of rows, then do what a run does when it holds the most. The model is spoilt afterwards.

    `watched` are the validation rows. A run holds the most in a step after its first validation: weights, gradients,
    Adam's moments, the best weights so far where these are kept, and the activations of its largest micro-batch.
    """
    prepare_model(loaded, recipe)
    objective = create_objective(loaded, recipe)
    if objective.learns_at_once:
        return _measure_solving(loaded, objective, examples, phases)
    if recipe.adapters:
        add_adapters(loaded, recipe)
    cast_parameters(loaded.model, DTYPES[precision])
    loaded.model.train()
    optimizer = Optimizer(loaded.model, recipe)
    groups = _groups(objective, recipe, examples, watched)
    timer = _Timer(objective, recipe, optimizer, phases)
    timer.run(groups.smallest)
    optimizer.step(_NO_RATE)
    timer.begin()
    timer.run(groups.smallest)
    optimizer.forget()
    timer.run_sizes(groups.others)
    best = optimizer.copy_weights() if watched and recipe.keep_best else {}
    for group in groups.fullest:
        timer.run(group)
    stepped = time.monotonic()
    optimizer.step(_NO_RATE)
    per_step = time.monotonic() - stepped
    if groups.validated:
        validate(objective, loaded, groups.validated, lambda: phases.check(0, 1))
    best.clear()
    device = loaded.device
    if recipe.tuning is Tuning.QLORA:
        # On a CPU, a run holds the most when it puts the whole weights together again.
        loaded.precision = precision
        merge_adapters(loaded)
    return Speed(timer.per_token, per_step, peak_memory(device), optimizer.parameters)


def _measure_solving(
    loaded: LoadedModel, objective: Objective[Any], examples: Sequence[Example], phases: Phases
) -> Speed:
    """Solve for some rows. What takes the most memory besides is proportional to the tokens of all rows."""
    some = Spread(examples, _SOLVED_ROWS)
    begun = time.monotonic()
    objective.solve(some, lambda: phases.check(0, 1))
    seconds = time.monotonic() - begun
    used = objective.used(examples) / len(examples)
    tokens, all_tokens = (sum(map(objective.tokens, rows)) for rows in (some, examples))
    more = max(0, round(used * all_tokens) - tokens) * _FEATURE_BYTES
    parameters = loaded.manifest.parameters
    return Speed(used * seconds / max(1, tokens), 0.0, peak_memory(loaded.device) + more, parameters)


class _Timer:
    """Adds up seconds and tokens of forward and backward passes."""

    def __init__(
        self, objective: Objective[Any], recipe: Recipe, optimizer: Optimizer, phases: Phases
    ) -> None:
        self._objective, self._recipe, self._optimizer, self._phases = objective, recipe, optimizer, phases
        self._seconds, self._tokens = 0.0, 0

    @property
    def per_token(self) -> float:
        return self._seconds / max(1, self._tokens)

    def begin(self) -> None:
        """Count from here: the first pass of all sets much up."""
        self._seconds, self._tokens = 0.0, 0

    def seconds_for(self, group: list[Example]) -> float:
        """All seconds, were this group run as well."""
        return self._seconds + self.per_token * self._tokens_of(group)

    def run(self, group: list[Example]) -> None:
        self._phases.check(min(1.0, self._seconds / _LEAST_TIMED_SECONDS), 1)
        begun = time.monotonic()
        learned = max(1, sum(self._objective.learned(example) for example in group))
        share_sums(self._objective, group)
        loss = self._objective.loss_sum(group)
        (loss / learned).backward()
        self._optimizer.collect()
        self._seconds += time.monotonic() - begun
        self._tokens += self._tokens_of(group)

    def run_sizes(self, groups: Sequence[list[Example]]) -> None:
        """Run groups one by one until enough time was measured.

        Kernels for many sizes, which a run has compiled by the time of its fullest step, are part of what it holds.
        """
        for number, group in enumerate(groups):
            enough = _LEAST_TIMED_SECONDS if number >= _FEWEST_TIMED_GROUPS else _MOST_TIMED_SECONDS
            if self.seconds_for(group) > enough:
                break
            self.run(group)
            self._optimizer.forget()

    def _tokens_of(self, group: list[Example]) -> int:
        return sum(self._objective.tokens(example) for example in group)


def _groups(
    objective: Objective[Any], recipe: Recipe, examples: Sequence[Example], watched: Sequence[Example]
) -> _Groups:
    order = Order(len(examples), recipe.batch_rows or 1, recipe.seed)
    # Of every epoch, since each divides the rows differently.
    searched = [order.step(number) for number in range(min(_MOST_SEARCHED_STEPS, total_steps(recipe, order)))]
    longest = max(range(len(examples)), key=lambda index: objective.tokens(examples[index]))
    searched += [step for step in map(order.step, range(order.steps_per_epoch)) if longest in step]
    steps = [
        list(objective.microbatches([objective.drawn(examples[index], number, index) for index in step]))
        for number, step in enumerate(searched)
    ]

    def weight(group: list[Example]) -> float:
        return objective.size(group) + _LEARNED_WEIGHT * sum(map(objective.learned, group))

    seen = [objective.drawn(example, place) for place, example in enumerate(watched)]
    fullest = max(steps, key=lambda step: max(map(weight, step)))
    every = [group for step in steps for group in step]
    return _Groups(
        smallest=min(every, key=weight),
        fullest=_with_company(fullest, weight),
        others=every[:_MOST_TIMED_GROUPS],
        validated=max(objective.microbatches(seen), key=weight) if seen else [],
    )


def _with_company(step: list[list[Example]], weight: Callable[[list[Example]], float]) -> list[list[Example]]:
    """The group of a step that weighs the most, with one before it, so that gradients are held already, and the next
    largest after it: few of many, in their order."""
    place = max(range(len(step)), key=lambda number: weight(step[number]))
    smallest_before = sorted(step[:place], key=weight)[:1]
    largest_after = sorted(step[place + 1 :], key=weight)[-1:]
    return [*smallest_before, step[place], *largest_after]


def epoch_seconds(recipe: Recipe, speed: Speed, rows: int, tokens: int) -> float:
    """Seconds of one pass over the training rows."""
    return tokens * speed.per_token + Order(rows, recipe.batch_rows or 1, 0).steps_per_epoch * speed.per_step


def run_seconds(
    recipe: Recipe,
    speed: Speed,
    rows: int,
    tokens: int,
    validation_tokens: int,
    reference_tokens: int = 0,
) -> tuple[float, float]:
    """Seconds until the run ends, and until all its steps are done; the first is less where a time limit ends it.

    The limit covers what the training loop does, validation included, as in workers.training.loop. `reference_tokens` go
    through the untrained model before that.
    """
    order = Order(rows, recipe.batch_rows or 1, 0)
    steps = total_steps(recipe, order)
    training = steps / order.steps_per_epoch * epoch_seconds(recipe, speed, rows, tokens)
    one_round = validation_tokens * speed.per_token * _FORWARD_SHARE
    rounds = min(recipe.validation_rounds, steps)
    # One round more, without samples, measures the base.
    training += (rounds + 1) * one_round + rounds * recipe.sample_rows * _SAMPLE_SECONDS / 4
    limit = recipe.max_minutes * 60 if recipe.max_minutes else training
    before = _OVERHEAD_SECONDS + reference_tokens * speed.per_token * _FORWARD_SHARE
    return min(training, limit) + before, training + before


def solving_seconds(speed: Speed, tokens: int) -> tuple[float, float]:
    """What `run_seconds` says of an objective that learns at once."""
    whole = _OVERHEAD_SECONDS + tokens * speed.per_token
    return whole, whole


def offered_minutes(recipe: Recipe, length: Length, whole_seconds: float) -> float | None:
    """The time limit to offer before the start, or None where the run is as short as it should be."""
    minutes = recipe.max_minutes or USUAL_MINUTES[length]
    longest = minutes * (1 if recipe.max_minutes else _MUCH_LONGER) * 60
    return minutes if whole_seconds - _OVERHEAD_SECONDS > longest else None


def disk_bytes(loaded: LoadedModel, trained_parameters: int, precision: Precision) -> int:
    """Bytes on disk at the worst moment: two checkpoints, one more on its way to storage, and the model."""
    one_checkpoint = trained_parameters * (4 + 4 + 8)
    return 3 * one_checkpoint + 2 * loaded.manifest.parameters * DTYPES[precision].itemsize


def free_disk(folder: Path) -> int:
    return shutil.disk_usage(folder).free
