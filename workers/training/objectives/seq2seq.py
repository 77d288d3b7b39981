"""Sequence-to-sequence training: the encoder reads the input, the decoder learns every token of the answer."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy

from workers.models.generation import decoder_inputs, logits_where, padded
from workers.models.prompts import IGNORED, Example
from workers.training.data import group_by_length
from workers.training.objectives import SMALL_RATE, Objective


class Seq2Seq(Objective[Example]):
    """Rows of similar source and target length share a micro-batch, so that little padding is computed."""

    starter_rate, pretrained_rate = 1.5e-3, 5e-5
    small_rate = SMALL_RATE
    adapter_task = "SEQ_2_SEQ_LM"
    has_own_targets = True

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        return group_by_length(
            examples, self._budget, lambda example: (len(example.input_ids), len(example.label_ids))
        )

    def size(self, examples: Sequence[Example]) -> int:
        sources = max(len(example.input_ids) for example in examples)
        return len(examples) * (sources + max(len(example.label_ids) for example in examples))

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        return float(self._cross_entropy(examples, 0.0)), None

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        return self._cross_entropy(examples, self._smoothing)

    def _cross_entropy(self, examples: Sequence[Example], smoothing: float) -> torch.Tensor:
        ids, mask = padded([example.input_ids for example in examples], self._pad, self._device)
        labels, _ = padded([example.label_ids for example in examples], IGNORED, self._device)
        learned = labels != IGNORED
        logits = logits_where(
            self._loaded.model,
            learned,
            input_ids=ids,
            attention_mask=mask,
            decoder_input_ids=decoder_inputs(self._loaded, labels),
            use_cache=False,
        )
        return cross_entropy(logits.float(), labels[learned], reduction="sum", label_smoothing=smoothing)
