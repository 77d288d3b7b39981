"""Supervised fine-tuning of causal models: the loss is taken on the answer alone."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.recipes import Batching, Recipe
from workers.models.generation import logits_where, padded
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED, Example
from workers.training.attention import can_pack, few_sizes, packed_inputs
from workers.training.data import group_by_length, pack


class SupervisedFineTuning:
    """Packs rows end to end where the architecture allows it, else pads rows of similar length."""

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        self._loaded = loaded
        self._device = loaded.device
        self._pad = loaded.tokenizer.pad_token_id
        self._budget = recipe.tokens_per_microbatch or 2048
        wanted = recipe.batching in (Batching.AUTO, Batching.PACKING)
        if wanted and can_pack(loaded.model):
            self.batching = Batching.PACKING
        else:
            self.batching = (
                Batching.PADDING if recipe.batching is Batching.PADDING else Batching.LENGTH_GROUPING
            )

    def tokens(self, example: Example) -> int:
        return len(example.input_ids)

    def learned(self, example: Example) -> int:
        # The first token is never predicted: nothing stands before it.
        return sum(label != IGNORED for label in example.label_ids[1:])

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        if self.batching is Batching.PACKING:
            return pack(examples, self._budget)
        return group_by_length(examples, self._budget, lambda example: (len(example.input_ids),))

    def size(self, examples: Sequence[Example]) -> int:
        tokens = [example.tokens for example in examples]
        return sum(tokens) if self.batching is Batching.PACKING else len(tokens) * max(tokens)

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        return float(self.loss_sum(examples)), None

    def loss_sum(self, examples: Sequence[Example], *, label_smoothing: float = 0.0) -> torch.Tensor:
        if self.batching is Batching.PACKING:
            logits, labels = self._packed(examples)
        else:
            logits, labels = self._padded(examples)
        return cross_entropy(
            logits.float(), labels, ignore_index=IGNORED, reduction="sum", label_smoothing=label_smoothing
        )

    def _packed(self, examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (kept tokens, vocabulary), computed only where something is learned and at a few places more, and their
        labels, IGNORED at those."""
        following = [label for example in examples for label in [*example.label_ids[1:], IGNORED]]
        rows = [example.input_ids for example in examples]
        # A last row that teaches nothing makes sizes fewer; a place of it stands in for learned ones.
        filler = few_sizes(len(following) + 1) - len(following)
        labels = torch.tensor(following + [IGNORED] * filler, device=self._device)
        learned = (labels != IGNORED).nonzero().flatten()
        spare = learned.new_full((few_sizes(len(learned)) - len(learned),), len(following))
        kept = torch.cat([learned, spare])
        inputs = packed_inputs([*rows, [rows[0][0]] * filler], self._device)
        logits = self._loaded.model(**inputs, logits_to_keep=kept, use_cache=False).logits[0]
        return logits, labels[kept]

    def _padded(self, examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (learned tokens, vocabulary) and their labels."""
        ids, mask = padded([example.input_ids for example in examples], self._pad, self._device)
        following, _ = padded(
            [[*example.label_ids[1:], IGNORED] for example in examples], IGNORED, self._device
        )
        learned = following != IGNORED
        logits = logits_where(
            self._loaded.model, learned, input_ids=ids, attention_mask=mask, use_cache=False
        )
        return logits, following[learned]
