"""Sequence classification: one label a row, learned by an encoder with a small head."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.recipes import Length
from workers.models.generation import padded
from workers.models.prompts import Example
from workers.training.data import group_by_length
from workers.training.objectives import SMALL_RATE, Objective, Plan


class Classification(Objective[Example]):
    """Rows of similar length share a micro-batch."""

    starter_rate, pretrained_rate = 1e-3, 3e-5
    small_rate = SMALL_RATE
    # A small model learns a few thousand rows by heart, and its loss then says little of its answers.
    starter_smoothing = 0.1
    starter_plans: ClassVar[Mapping[Length, Plan]] = {
        Length.QUICK: Plan(400, 3, 8),
        Length.STANDARD: Plan(1600, 6, 12),
        Length.THOROUGH: Plan(5000, 10, 30),
    }
    adapter_task = "SEQ_CLS"

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        return group_by_length(examples, self._budget, lambda example: (len(example.input_ids),))

    def size(self, examples: Sequence[Example]) -> int:
        return len(examples) * max(example.input_length for example in examples)

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        logits, labels = self._answers(examples)
        return cross_entropy(logits, labels, reduction="sum", label_smoothing=self._smoothing)

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        logits, labels = self._answers(examples)
        return float(cross_entropy(logits, labels, reduction="sum")), int((logits.argmax(-1) == labels).sum())

    def _answers(self, examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, rows x labels in fp32, and the right labels."""
        ids, mask = padded([example.input_ids for example in examples], self._pad, self._device)
        labels = torch.tensor([example.label_ids[0] for example in examples], device=self._device)
        return self._loaded.model(input_ids=ids, attention_mask=mask).logits.float(), labels
