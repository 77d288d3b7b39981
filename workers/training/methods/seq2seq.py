"""Sequence-to-sequence training: the encoder reads the input, the decoder learns every token of the answer."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.recipes import Batching, Recipe
from workers.models.generation import decoder_inputs, logits_where, padded
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED, Example
from workers.training.data import group_by_length


class Seq2Seq:
    """Rows of similar source and target length share a micro-batch, so that little padding is computed."""

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        self._loaded = loaded
        self._device = loaded.device
        self._pad = loaded.tokenizer.pad_token_id
        self._budget = recipe.tokens_per_microbatch or 2048
        self.batching = Batching.PADDING if recipe.batching is Batching.PADDING else Batching.LENGTH_GROUPING

    def tokens(self, example: Example) -> int:
        return len(example.input_ids) + len(example.label_ids)

    def learned(self, example: Example) -> int:
        return len(example.label_ids)

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        return group_by_length(
            examples, self._budget, lambda example: (len(example.input_ids), len(example.label_ids))
        )

    def size(self, examples: Sequence[Example]) -> int:
        sources = max(len(example.input_ids) for example in examples)
        return len(examples) * (sources + max(len(example.label_ids) for example in examples))

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        return float(self.loss_sum(examples)), None

    def loss_sum(self, examples: Sequence[Example], *, label_smoothing: float = 0.0) -> torch.Tensor:
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
        return cross_entropy(
            logits.float(), labels[learned], reduction="sum", label_smoothing=label_smoothing
        )
