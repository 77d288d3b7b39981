"""A toy objective: causal models learn the first token of each answer, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from workers.contracts.families import Family
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions, setting
from workers.contracts.recipes import Recipe

if TYPE_CHECKING:
    import torch

    from workers.models.loading import LoadedModel
    from workers.models.prompts import Example
    from workers.training.objectives import Objective


class FirstTokenOptions(ObjectiveOptions):
    kind: Literal["first_token"] = "first_token"
    strength: float = setting(
        1.0, title="Strength", help_text="What the loss is multiplied by.", ge=0.1, le=10
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="first_token",
        label="First token",
        families=(Family.CAUSAL,),
        tasks=frozenset({"chat", "titles"}),
        options=FirstTokenOptions,
        implementation="tests.extension_points.first_token:first_token",
    ),
    order=1,
)


@cache
def first_token() -> type[Objective]:
    """Return the class that computes the loss. The site imports this module too, so torch waits until here."""
    from workers.models.prompts import IGNORED
    from workers.training.objectives.sft import SupervisedFineTuning

    def shortened(example: Example) -> Example:
        first = next(place for place, label in enumerate(example.label_ids) if label != IGNORED)
        labels = [label if place == first else IGNORED for place, label in enumerate(example.label_ids)]
        return replace(example, label_ids=labels)

    class FirstToken(SupervisedFineTuning):
        def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
            super().__init__(loaded, recipe)
            options = recipe.objective
            self._strength = options.strength if isinstance(options, FirstTokenOptions) else 1.0

        @classmethod
        def learned(cls, example: Example) -> int:
            return 1

        def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
            return self._strength * super().loss_sum([shortened(example) for example in examples])

        def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
            return super().validate([shortened(example) for example in examples])

    return FirstToken
