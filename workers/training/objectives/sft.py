"""Supervised fine-tuning of causal models: the loss is taken on the answer alone."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.model_folder import ModelManifest
from workers.contracts.recipes import Batching, Recipe
from workers.models.generation import logits_where, padded
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED, Example
from workers.training.attention import can_pack, few_sizes, packed_inputs
from workers.training.data import group_by_length, pack
from workers.training.objectives import SMALL_RATE, Objective


class SupervisedFineTuning(Objective[Example]):
    """Packs rows end to end where the architecture allows it, else pads rows of similar length."""

    starter_rate, pretrained_rate = 2e-3, 2e-5
    small_rate = SMALL_RATE
    adapter_task = "CAUSAL_LM"

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        if recipe.batching in (Batching.AUTO, Batching.PACKING) and can_pack(loaded.model):
            self.batching = Batching.PACKING

    @classmethod
    def divides_long_texts(cls, manifest: ModelManifest) -> bool:
        return manifest.task.teaches_texts

    @classmethod
    def learned(cls, example: Example) -> int:
        # The first token is never predicted: nothing stands before it.
        return sum(label != IGNORED for label in example.label_ids[1:])

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        if self.batching is Batching.PACKING:
            return pack(examples, self._budget)
        return group_by_length(examples, self._budget, lambda example: (len(example.input_ids),))

    def size(self, examples: Sequence[Example]) -> int:
        tokens = [example.input_length for example in examples]
        return sum(tokens) if self.batching is Batching.PACKING else len(tokens) * max(tokens)

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        return float(self._cross_entropy(examples, 0.0)), None

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        return self._cross_entropy(examples, self._smoothing)

    def _cross_entropy(self, examples: Sequence[Example], smoothing: float) -> torch.Tensor:
        if self.batching is Batching.PACKING:
            logits, labels = self._packed(examples)
        else:
            logits, labels = self._padded(examples)
        return cross_entropy(
            logits.float(), labels, ignore_index=IGNORED, reduction="sum", label_smoothing=smoothing
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
