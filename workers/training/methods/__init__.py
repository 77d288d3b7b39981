"""Training methods: how a family's rows become a loss. One readable file each."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch

from workers.contracts.families import Family
from workers.contracts.recipes import Batching, Recipe
from workers.models.loading import LoadedModel
from workers.models.prompts import Example


class TrainingMethod(Protocol):
    """What the loop asks of a method. `batching` is what it decided on, never AUTO."""

    batching: Batching

    def tokens(self, example: Example) -> int:
        """Tokens of this row that go through the model, padding aside."""

    def learned(self, example: Example) -> int:
        """Number of predictions that this row teaches: learned tokens, or 1 for a label."""

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        """The rows of one optimizer step, in groups that go through the model at once."""

    def size(self, examples: Sequence[Example]) -> int:
        """Tokens of one group that are computed, padding included."""

    def loss_sum(self, examples: Sequence[Example], *, label_smoothing: float = 0.0) -> torch.Tensor:
        """Cross entropy summed over everything learned in one micro-batch, in nats; a scalar in fp32."""

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        """The same sum of one micro-batch, and how many of its rows are answered right where a row is right or wrong."""


def method_for(loaded: LoadedModel, recipe: Recipe) -> TrainingMethod:
    """The family's method, set up for this model."""
    from workers.training.methods.classification import Classification
    from workers.training.methods.seq2seq import Seq2Seq
    from workers.training.methods.sft import SupervisedFineTuning

    kinds: dict[Family, Callable[[LoadedModel, Recipe], TrainingMethod]] = {
        Family.CAUSAL: SupervisedFineTuning,
        Family.SEQ2SEQ: Seq2Seq,
        Family.CLASSIFIER: Classification,
    }
    return kinds[loaded.family](loaded, recipe)
