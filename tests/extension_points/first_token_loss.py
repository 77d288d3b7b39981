"""What computes the toy objective. The site, which declares it, loads no model library."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from tests.extension_points.first_token import FirstTokenOptions
from workers.contracts.recipes import Recipe
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED, Example
from workers.training.objectives.sft import SupervisedFineTuning


class FirstToken(SupervisedFineTuning):
    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        options = recipe.objective
        self._strength = options.strength if isinstance(options, FirstTokenOptions) else 1.0

    @classmethod
    def learned(cls, example: Example) -> int:
        return 1

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        return self._strength * super().loss_sum([_shortened(example) for example in examples])

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        return super().validate([_shortened(example) for example in examples])


def _shortened(example: Example) -> Example:
    first = next(place for place, label in enumerate(example.label_ids) if label != IGNORED)
    labels = [label if place == first else IGNORED for place, label in enumerate(example.label_ids)]
    return replace(example, label_ids=labels)
