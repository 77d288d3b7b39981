"""A toy objective: causal models learn the first token of each answer, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from workers.models.prompts import IGNORED, Example
from workers.training.objectives import OBJECTIVES
from workers.training.objectives.sft import SupervisedFineTuning


class FirstToken(SupervisedFineTuning):
    name = "first_token"
    tasks = frozenset({"chat"})

    @classmethod
    def learned(cls, example: Example) -> int:
        return 1

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        return super().loss_sum([_shortened(example) for example in examples])

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        return super().validate([_shortened(example) for example in examples])


def _shortened(example: Example) -> Example:
    first = next(place for place, label in enumerate(example.label_ids) if label != IGNORED)
    labels = [label if place == first else IGNORED for place, label in enumerate(example.label_ids)]
    return replace(example, label_ids=labels)


OBJECTIVES.add(FirstToken, order=1)
