"""What objectives on pairs share: a better and a worse answer to one prompt, and how likely the model finds each."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.recipes import Batching
from workers.models.examples import store
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED, Example
from workers.training.checkpoints import Validation
from workers.training.data import Row, group_by_length
from workers.training.objectives.sft import SupervisedFineTuning

_PREPARED_ROWS = 256
"""Rows that go through the model between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Pair(Example):
    """The prompt with its chosen answer as `input_ids`, and with its rejected answer.

    `chosen_reference` and `rejected_reference` are the log-probabilities that the model before training gives each answer.
    """

    rejected_ids: Sequence[int] = ()
    rejected_label_ids: Sequence[int] = ()
    chosen_reference: float = 0.0
    rejected_reference: float = 0.0

    @property
    def input_length(self) -> int:
        return len(self.input_ids) + len(self.rejected_ids)

    @property
    def longest_sequence(self) -> int:
        return max(len(self.input_ids), len(self.rejected_ids))

    @property
    def sequences(self) -> tuple[Example, Example]:
        """The chosen and the rejected answer, each as an example of its own."""
        return (
            Example(self.input_ids, self.label_ids),
            Example(self.rejected_ids, self.rejected_label_ids),
        )


@dataclass(frozen=True)
class Likelihoods:
    """Of the answers of some pairs, one number each: summed log-probabilities, and tokens."""

    chosen: torch.Tensor
    rejected: torch.Tensor
    chosen_tokens: torch.Tensor
    rejected_tokens: torch.Tensor

    @property
    def means(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean log-probabilities per token of the chosen and of the rejected answers."""
        return self.chosen / self.chosen_tokens, self.rejected / self.rejected_tokens


class _RejectedRows(Collection[Row]):
    """The same rows with their rejected answer as the target."""

    def __init__(self, rows: Collection[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return (replace(row, target=row.rejected) for row in self._rows)

    def __contains__(self, row: object) -> bool:
        return any(row == other for other in self)


class PreferenceObjective(SupervisedFineTuning):
    """Both sequences of a pair go through the model together. A row is one pair: the loss is a mean over pairs."""

    small_rate = 1.0

    example = Pair
    counted: ClassVar[tuple[str, ...]] = ("pairs", "preferred", "margin")

    @classmethod
    def encode(
        cls,
        rows: Collection[Row],
        loaded: LoadedModel,
        *,
        max_length: int | None,
        max_target_length: int | None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Example]:
        pairs = cls.encode_both(
            rows, _RejectedRows(rows), loaded, max_length=max_length, on_progress=on_progress
        )
        for good, bad in pairs:
            yield Pair(good.input_ids, good.label_ids, good.cut or bad.cut, bad.input_ids, bad.label_ids)

    @classmethod
    def encode_both(
        cls,
        rows: Collection[Row],
        others: Collection[Row],
        loaded: LoadedModel,
        *,
        max_length: int | None,
        on_progress: Callable[[int, int], None] | None,
    ) -> Iterator[tuple[Example, Example]]:
        """Yield the sequences of each row and of the other row in its place. Raises JobError as `encode`."""
        own, other = (
            super(PreferenceObjective, cls).encode(
                one, loaded, max_length=max_length, max_target_length=None, on_progress=report
            )
            for one, report in ((rows, on_progress), (others, None))
        )
        return zip(own, other, strict=True)

    @classmethod
    def tokens(cls, example: Example) -> int:
        return example.input_length

    @classmethod
    def learned(cls, example: Example) -> int:
        return sum(map(cls.answer_tokens, _sequences(example)))

    @classmethod
    def answer_tokens(cls, sequence: Example) -> int:
        """Return the tokens of the answer of one sequence."""
        return super().learned(sequence)

    @classmethod
    def weight(cls, examples: Sequence[Example]) -> int:
        return len(examples)

    @classmethod
    def teaches(cls, example: Example) -> bool:
        """A pair whose answers are equal as far as they are kept says nothing."""
        chosen, rejected = _sequences(example)
        differs = list(chosen.input_ids) != list(rejected.input_ids)
        return differs and all(map(cls.answer_tokens, (chosen, rejected)))

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        if self.batching is Batching.PACKING:
            return super().microbatches(examples)
        # Two sequences a row, each padded to the longest of all.
        return group_by_length(examples, self._budget, lambda example: (example.longest_sequence,) * 2)

    def size(self, examples: Sequence[Example]) -> int:
        return super().size([one for example in examples for one in _sequences(example)])

    def likelihoods(self, examples: Sequence[Example]) -> Likelihoods:
        """Return how likely the model finds each answer, as tensors in fp32 with gradients."""
        sums, tokens = self.log_probabilities([one for example in examples for one in _sequences(example)])
        return Likelihoods(sums[0::2], sums[1::2], tokens[0::2], tokens[1::2])

    def log_probabilities(self, sequences: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the summed log-probability and the tokens of the answer of each sequence."""
        logits, labels = (
            self._packed(sequences) if self.batching is Batching.PACKING else self._padded(sequences)
        )
        values = -cross_entropy(logits.float(), labels, ignore_index=IGNORED, reduction="none")
        counts = list(map(self.answer_tokens, sequences))
        tokens = torch.tensor(counts, device=values.device)
        places = torch.repeat_interleave(torch.arange(len(counts), device=values.device), tokens)
        return values.new_zeros(len(counts)).index_add(0, places, values[: len(places)]), tokens

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        return self.measure(examples)[:2]

    def measure(self, examples: Sequence[Example]) -> tuple[float, int | None, Sequence[float]]:
        losses, margins = self.losses(examples, 0.0)
        sums = [len(examples), float((margins > 0).sum()), float(margins.sum())]
        return float(losses.sum()), None, sums

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        return self.losses(examples, self._smoothing)[0].sum()

    @abstractmethod
    def losses(self, examples: Sequence[Example], smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Return of each pair its loss, and the reward of its chosen answer less that of its rejected one."""

    def report(self, validation: Validation) -> dict[str, float]:
        sums, pairs = validation.sums, max(1.0, validation.sums.get("pairs", 0.0))
        own = {
            "reward_accuracy": sums.get("preferred", 0.0) / pairs,
            "reward_margin": sums.get("margin", 0.0) / pairs,
        }
        return super().report(validation) | own

    def _with_reference(
        self, examples: Sequence[Example], path: Path, tick: Callable[[int, int], None]
    ) -> Sequence[Example]:
        """Return the pairs with the log-probabilities of the model as it is now, dropout off."""
        self._loaded.model.eval()
        try:
            with torch.inference_mode():
                return store(self._referenced(examples, tick), path, self.example)
        finally:
            self._loaded.model.train()

    def _referenced(self, examples: Sequence[Example], tick: Callable[[int, int], None]) -> Iterator[Example]:
        for begin in range(0, len(examples), _PREPARED_ROWS):
            part = examples[begin : begin + _PREPARED_ROWS]
            found: dict[int, tuple[float, float]] = {}
            for group in self.microbatches(part):
                tick(begin, len(examples))
                said = self.likelihoods(group)
                values = zip(said.chosen.tolist(), said.rejected.tolist(), strict=True)
                found |= zip(map(id, group), values, strict=True)
            for example in part:
                chosen, rejected = found[id(example)]
                yield replace(_pair(example), chosen_reference=chosen, rejected_reference=rejected)


def _pair(example: Example) -> Pair:
    if not isinstance(example, Pair):
        raise TypeError(f"{type(example).__name__} is no pair")
    return example


def _sequences(example: Example) -> tuple[Example, Example]:
    return _pair(example).sequences


def references(examples: Sequence[Example], like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the log-probabilities of the chosen and of the rejected answers before training."""
    pairs = [_pair(example) for example in examples]
    return (
        like.new_tensor([pair.chosen_reference for pair in pairs]),
        like.new_tensor([pair.rejected_reference for pair in pairs]),
    )
