"""Sequence classification: one label a row, learned by an encoder with a small head."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.recipes import Batching, Recipe
from workers.models.generation import padded
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.data import group_by_length


class Classification:
    """Rows of similar length share a micro-batch."""

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        self._loaded = loaded
        self._device = loaded.device
        self._pad = loaded.tokenizer.pad_token_id
        self._budget = recipe.tokens_per_microbatch or 2048
        self.batching = Batching.PADDING if recipe.batching is Batching.PADDING else Batching.LENGTH_GROUPING

    def tokens(self, example: Example) -> int:
        return len(example.input_ids)

    def learned(self, example: Example) -> int:
        return 1

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        return group_by_length(examples, self._budget, lambda example: (len(example.input_ids),))

    def size(self, examples: Sequence[Example]) -> int:
        return len(examples) * max(example.tokens for example in examples)

    def loss_sum(self, examples: Sequence[Example], *, label_smoothing: float = 0.0) -> torch.Tensor:
        logits, labels = self._answers(examples)
        return cross_entropy(logits, labels, reduction="sum", label_smoothing=label_smoothing)

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        logits, labels = self._answers(examples)
        return float(cross_entropy(logits, labels, reduction="sum")), int((logits.argmax(-1) == labels).sum())

    def _answers(self, examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, rows x labels in fp32, and the right labels."""
        ids, mask = padded([example.input_ids for example in examples], self._pad, self._device)
        labels = torch.tensor([example.label_ids[0] for example in examples], device=self._device)
        return self._loaded.model(input_ids=ids, attention_mask=mask).logits.float(), labels
