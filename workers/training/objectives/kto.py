"""Kahneman-Tversky optimization: each answer is good or bad by itself, and counts against what the model says otherwise."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, groupby
from pathlib import Path

import torch

from workers.contracts.objectives.kto import KtoOptions
from workers.contracts.recipes import Recipe
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.checkpoints import Validation
from workers.training.data import Row
from workers.training.objectives import Objective
from workers.training.objectives.pairs import Pair, PreferenceObjective, references

_MOST_HELD = 1_000
"""Rows of one prompt that are held at once."""


@dataclass(frozen=True, slots=True)
class RatedAnswer(Pair):
    """An answer in place of the chosen one, and in place of the rejected one an answer to another prompt."""

    is_good: bool = True


class _OtherAnswers(Collection[Row]):
    """The same rows, each with an answer of the next prompt, and those of the last prompt with one of the first."""

    def __init__(self, rows: Collection[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        groups = self._of_one_prompt()
        first = before = next(groups, [])
        for group in groups:
            yield from _with_answers(before, group)
            before = group
        yield from _with_answers(before, first)

    def __contains__(self, row: object) -> bool:
        return any(row == other for other in self)

    def _of_one_prompt(self) -> Iterator[list[Row]]:
        """Yield neighbours with one prompt: the answers to a question, good and bad, usually follow each other."""
        numbered = groupby(enumerate(self._rows), key=lambda pair: (pair[0] // _MOST_HELD, pair[1].messages))
        return ([row for _, row in group] for _, group in numbered)


def _with_answers(rows: Sequence[Row], others: Sequence[Row]) -> Iterator[Row]:
    return (replace(row, target=other.target) for row, other in zip(rows, cycle(others), strict=False))


class KahnemanTverskyOptimization(PreferenceObjective):
    """1 - sigmoid(beta (r - z)) for a good answer and 1 - sigmoid(beta (z - r)) for a bad one, each times its weight: equation 8 of
    Ethayarajh et al. 2024 (arXiv:2402.01306), where r is the log-ratio of an answer to the reference.

    z is the mean log-ratio of answers to other prompts, at least 0. It is taken over all rows of a step, so that neither the
    size of a micro-batch nor the number of ranks matters.
    """

    starter_rate, pretrained_rate, lora_rate = 2e-4, 1e-5, 5e-5
    needs_reference = True
    example = RatedAnswer
    counted = ("good", "bad", "good_reward", "bad_reward")

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        self._options = recipe.objective if isinstance(recipe.objective, KtoOptions) else KtoOptions()
        self._drift = 0.0

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
            rows, _OtherAnswers(rows), loaded, max_length=max_length, on_progress=on_progress
        )
        for row, (own, other) in zip(rows, pairs, strict=True):
            yield RatedAnswer(
                own.input_ids,
                own.label_ids,
                own.cut,
                other.input_ids,
                other.label_ids,
                is_good=row.is_good,
            )

    @classmethod
    def learned(cls, example: Example) -> int:
        return cls.answer_tokens(_rated(example).sequences[0])

    @classmethod
    def teaches(cls, example: Example) -> bool:
        return cls.learned(example) > 0

    def prepare(
        self, examples: Sequence[Example], path: Path, tick: Callable[[int, int], None]
    ) -> Sequence[Example]:
        return self._with_reference(examples, path, tick)

    def shared_sums(self, examples: Sequence[Example]) -> Sequence[float]:
        total = 0.0
        with torch.no_grad():
            for group in self.microbatches(examples):
                said, _ = self.log_probabilities([_rated(example).sequences[1] for example in group])
                total += float((said - references(group, said)[1]).sum())
        return total, len(examples)

    def use_sums(self, sums: Sequence[float]) -> None:
        total, rows = sums
        self._drift = max(0.0, total / max(1.0, rows))

    def losses(self, examples: Sequence[Example], smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
        options, is_good = self._options, self._ratings(examples)
        said, _ = self.log_probabilities([_rated(example).sequences[0] for example in examples])
        ratios = said - references(examples, said)[0]
        signs = torch.where(is_good, 1.0, -1.0)
        weights = torch.where(is_good, options.good_weight, options.bad_weight)
        losses = weights * (1 - torch.sigmoid(signs * options.beta * (ratios - self._drift)))
        return losses, options.beta * ratios

    def measure(self, examples: Sequence[Example]) -> tuple[float, int | None, Sequence[float]]:
        losses, rewards = self.losses(examples, 0.0)
        is_good = self._ratings(examples)
        good, bad = rewards[is_good], rewards[~is_good]
        return float(losses.sum()), None, [len(good), len(bad), float(good.sum()), float(bad.sum())]

    def report(self, validation: Validation) -> dict[str, float]:
        sums = {name: validation.sums.get(name, 0.0) for name in self.counted}
        good, bad = (sums[f"{side}_reward"] / max(1.0, sums[side]) for side in ("good", "bad"))
        own = {"good_reward": good, "bad_reward": bad, "reward_margin": good - bad}
        return Objective.report(self, validation) | own

    def _ratings(self, examples: Sequence[Example]) -> torch.Tensor:
        return torch.tensor([_rated(example).is_good for example in examples], device=self._device)


def _rated(example: Example) -> RatedAnswer:
    if not isinstance(example, RatedAnswer):
        raise TypeError(f"{type(example).__name__} is no rated answer")
    return example
