"""What a run will cost, from doing a little of it: seconds, memory, disk."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from workers.contracts.recipes import Length, Precision, Recipe, Tuning
from workers.contracts.task_types import Family
from workers.models.devices import DTYPES, cast_parameters
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.adapters import add_adapters
from workers.training.automatic import USUAL_MINUTES
from workers.training.bases import prepare_model
from workers.training.data import Order
from workers.training.loop import peak_memory, total_steps
from workers.training.methods import TrainingMethod, method_for
from workers.training.optimizer import Optimizer
from workers.training.progress import Phases

_LEAST_TIMED_SECONDS = 2.0
_MOST_TIMED_GROUPS = 24
_FORWARD_SHARE = 0.35
"""Of a forward and backward pass, what the forward pass alone takes."""
_OVERHEAD_SECONDS = 10.0
"""Starting the process, loading and saving; measured with starters."""
_SAMPLE_SECONDS = 1.0
_MUCH_LONGER = 1.5
"""Times the usual minutes from which a limit is offered."""


@dataclass(frozen=True)
class Speed:
    """Seconds per token through forward and backward, and per optimizer step; bytes at the peak."""

    per_token: float
    per_step: float
    memory_bytes: int
    trained_parameters: int


def least_memory(loaded: LoadedModel, recipe: Recipe, precision: Precision) -> int:
    """Bytes that weights, gradients and optimizer take, activations aside: what must fit before anything is tried."""
    held = 2 if precision is Precision.BF16 else 4
    parameters = loaded.manifest.parameters
    if recipe.tuning is Tuning.LORA:
        return parameters * held
    masters = 4 if precision is Precision.BF16 else 0
    return parameters * (held + masters + 4 + 8)


def free_memory(device: torch.device) -> int:
    """Bytes that this device has left."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def measure_speed(
    loaded: LoadedModel, recipe: Recipe, precision: Precision, examples: Sequence[Example], phases: Phases
) -> Speed:
    """Train on a few micro-batches, the longest row among them. The model is spoilt afterwards."""
    prepare_model(loaded, recipe)
    method = method_for(loaded, recipe)
    if recipe.tuning is Tuning.LORA:
        add_adapters(loaded, recipe)
    cast_parameters(loaded.model, DTYPES[precision])
    loaded.model.train()
    optimizer = Optimizer(loaded.model, recipe)
    groups = _timed_groups(method, recipe, examples)
    _pass(method, optimizer, groups[0])
    optimizer.step(1e-9)
    begun, tokens = time.monotonic(), 0
    for number, group in enumerate(groups[1:] or groups):
        phases.check(number, len(groups))
        _pass(method, optimizer, group)
        tokens += sum(method.tokens(example) for example in group)
        if number and time.monotonic() - begun > _LEAST_TIMED_SECONDS:
            break
    computed = time.monotonic()
    optimizer.step(1e-9)
    return Speed(
        per_token=(computed - begun) / max(1, tokens),
        per_step=time.monotonic() - computed,
        # The best weights are kept beside the current ones, in fp32.
        memory_bytes=peak_memory(loaded.device) + 4 * optimizer.parameters,
        trained_parameters=optimizer.parameters,
    )


def _timed_groups(method: TrainingMethod, recipe: Recipe, examples: Sequence[Example]) -> list[list[Example]]:
    order = Order(len(examples), recipe.batch_rows or 1, recipe.seed)
    longest = max(examples, key=method.tokens)
    groups = list(method.microbatches([longest]))
    for step in range(min(_MOST_TIMED_GROUPS, order.steps_per_epoch)):
        groups += method.microbatches([examples[index] for index in order.step(step)])
        if len(groups) > _MOST_TIMED_GROUPS:
            break
    return groups[: _MOST_TIMED_GROUPS + 1]


def _pass(method: TrainingMethod, optimizer: Optimizer, group: list[Example]) -> None:
    (method.loss_sum(group) / max(1, sum(method.learned(example) for example in group))).backward()
    optimizer.collect()


def row_tokens(family: Family, example: Example) -> int:
    """Tokens of a row, the answer included."""
    return len(example.input_ids) + (len(example.label_ids) if family is Family.SEQ2SEQ else 0)


def epoch_seconds(recipe: Recipe, speed: Speed, rows: int, tokens: int) -> float:
    """Seconds of one pass over the training rows."""
    return tokens * speed.per_token + Order(rows, recipe.batch_rows or 1, 0).steps_per_epoch * speed.per_step


def run_seconds(
    recipe: Recipe, speed: Speed, rows: int, tokens: int, validation_tokens: int
) -> tuple[float, float]:
    """Seconds until the run ends, and until all its steps are done; the first is less where a time limit ends it.

    The limit covers what the training loop does, validation included, as in workers.training.loop.
    """
    order = Order(rows, recipe.batch_rows or 1, 0)
    steps = total_steps(recipe, order)
    training = steps / order.steps_per_epoch * epoch_seconds(recipe, speed, rows, tokens)
    one_round = validation_tokens * speed.per_token * _FORWARD_SHARE
    rounds = min(recipe.validation_rounds, steps)
    # One round more, without samples, measures the base.
    training += (rounds + 1) * one_round + rounds * recipe.sample_rows * _SAMPLE_SECONDS / 4
    limit = recipe.max_minutes * 60 if recipe.max_minutes else training
    return min(training, limit) + _OVERHEAD_SECONDS, training + _OVERHEAD_SECONDS


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
