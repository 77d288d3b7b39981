"""What computes the simple baselines (workers/contracts/baselines): in seconds, from training rows alone."""

import importlib
from collections.abc import Callable

from workers.contracts.baselines import Baseline
from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.evaluation.metrics.protocol import FloatArray
from workers.evaluation.rows import DataRows, Outputs

OnProgress = Callable[[int, int], None]
Answer = tuple[Outputs, Text]
"""The outputs for the asked rows, and how they were made, in words."""


def answer_by_baseline(
    baseline: Baseline,
    task: Task,
    train: DataRows,
    test: DataRows,
    on_progress: OnProgress = lambda done, total: None,
) -> Answer:
    """Return the baseline's outputs for `test`, made from `train` alone, and how it answers."""
    module, _, name = baseline.implementation.partition(":")
    answer: Answer = getattr(importlib.import_module(module), name)(task, train, test, on_progress)
    return answer


def outputs_of(texts: list[str], numbers: dict[str, FloatArray] | None = None) -> Outputs:
    return Outputs(texts, [0.0] * len(texts), ["stop"] * len(texts), numbers or {})
