"""Losses on preferences are those of the papers, and so are their gradients: formulas over plain numbers, written from the
papers, on the same log-probabilities."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from workers.contracts.objectives import OBJECTIVES, ObjectiveOptions
from workers.contracts.objectives.dpo import DpoOptions
from workers.contracts.objectives.kto import KtoOptions
from workers.contracts.objectives.orpo import OrpoOptions
from workers.contracts.objectives.simpo import SimpoOptions
from workers.contracts.recipes import Batching, Recipe
from workers.models.prompts import Example
from workers.training.objectives.kto import RatedAnswer
from workers.training.objectives.pairs import Pair, PreferenceObjective

_STEP = 1e-5


@dataclass(frozen=True)
class Two:
    """Log-probabilities of a better and of a worse answer, now and before training, and their tokens."""

    better: float
    worse: float
    better_before: float
    worse_before: float
    better_tokens: int
    worse_tokens: int

    @property
    def h_w(self) -> float:
        return self.better - self.better_before

    @property
    def h_l(self) -> float:
        return self.worse - self.worse_before

    @property
    def means(self) -> tuple[float, float]:
        return self.better / self.better_tokens, self.worse / self.worse_tokens


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def dpo(two: Two) -> float:
    return -math.log(sigmoid(0.3 * two.h_w - 0.3 * two.h_l))


def smoothed_dpo(two: Two) -> float:
    swapped = -math.log(sigmoid(0.3 * two.h_l - 0.3 * two.h_w))
    return 0.9 * dpo(two) + 0.1 * swapped


def ipo(two: Two) -> float:
    return (two.h_w / two.better_tokens - two.h_l / two.worse_tokens - 1 / (2 * 0.3)) ** 2


def hinge(two: Two) -> float:
    return max(0.0, 1 - 0.3 * (two.h_w - two.h_l))


def apo_zero(two: Two) -> float:
    return 1 - sigmoid(0.3 * two.h_w) + sigmoid(0.3 * two.h_l)


def apo_down(two: Two) -> float:
    return 1 + sigmoid(0.3 * two.h_w) - sigmoid(0.3 * two.h_w - 0.3 * two.h_l)


def orpo(two: Two) -> float:
    better, worse = map(math.exp, two.means)
    ratio = (better / (1 - better)) / (worse / (1 - worse))
    return -two.means[0] - 0.25 * math.log(sigmoid(math.log(ratio)))


def simpo(two: Two) -> float:
    better, worse = two.means
    return -math.log(sigmoid(2.5 * better - 2.5 * worse - 1.4))


LOSSES: list[tuple[ObjectiveOptions, float, Callable[[Two], float]]] = [
    (DpoOptions(beta=0.3), 0.0, dpo),
    (DpoOptions(beta=0.3), 0.1, smoothed_dpo),
    (DpoOptions(beta=0.3, loss="ipo"), 0.0, ipo),
    (DpoOptions(beta=0.3, loss="hinge"), 0.0, hinge),
    (DpoOptions(beta=0.3, loss="apo_zero"), 0.0, apo_zero),
    (DpoOptions(beta=0.3, loss="apo_down"), 0.0, apo_down),
    (OrpoOptions(ratio_weight=0.25), 0.0, orpo),
    (SimpoOptions(beta=2.5, margin=1.4), 0.0, simpo),
]


def made_objective(options: ObjectiveOptions, said: dict[tuple[int, ...], torch.Tensor]) -> Any:
    """The objective, for a model that gives each sequence the log-probability in `said`."""
    kind: type[PreferenceObjective] = resolve_name(OBJECTIVES[options.kind].implementation)

    class Told(kind):  # type: ignore[misc, valid-type]
        def log_probabilities(self, sequences: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
            values = torch.stack([said[tuple(one.input_ids)] for one in sequences])
            return values, torch.tensor(list(map(self.answer_tokens, sequences)))

    loaded = SimpleNamespace(device=torch.device("cpu"), tokenizer=SimpleNamespace(pad_token_id=0))
    return Told(cast("Any", loaded), Recipe(objective=options, batching=Batching.PADDING))


def leaf(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def drawn(count: int = 8) -> list[Two]:
    chosen = random.Random(7)
    found = []
    for _ in range(count):
        tokens = chosen.randint(2, 6), chosen.randint(2, 6)
        now, before = (
            [number * chosen.uniform(-2.0, -0.2) for number in tokens] for _ in ("now", "before training")
        )
        found.append(Two(*now, *before, *tokens))
    return found


def sequence(number: int, tokens: int) -> tuple[list[int], list[int]]:
    """Ids that are found under `number`, and labels of so many tokens."""
    return [number, *range(tokens)], [-100, *range(tokens)]


def slope(formula: Callable[[Two], float], two: Two, name: str) -> float:
    """The derivative of a formula by one log-probability."""
    value = getattr(two, name)
    above, below = (formula(replace(two, **{name: value + step})) for step in (_STEP, -_STEP))
    return (above - below) / (2 * _STEP)


@pytest.mark.parametrize(
    ("options", "smoothing", "formula"), LOSSES, ids=[each[2].__name__ for each in LOSSES]
)
def test_losses_on_pairs_and_their_gradients(
    options: ObjectiveOptions, smoothing: float, formula: Callable[[Two], float]
) -> None:
    twos, pairs = drawn(), list[Pair]()
    said: dict[tuple[int, ...], torch.Tensor] = {}
    for number, two in enumerate(twos):
        better, worse = sequence(100 + number, two.better_tokens), sequence(200 + number, two.worse_tokens)
        said[tuple(better[0])], said[tuple(worse[0])] = leaf(two.better), leaf(two.worse)
        pairs.append(Pair(*better, False, *worse, two.better_before, two.worse_before))
    losses, _ = made_objective(options, said).losses(pairs, smoothing)
    assert losses.tolist() == pytest.approx([formula(two) for two in twos], rel=1e-4)
    losses.sum().backward()
    for pair, two in zip(pairs, twos, strict=True):
        for name, ids in (("better", pair.input_ids), ("worse", pair.rejected_ids)):
            grad = said[tuple(ids)].grad
            assert grad is not None
            assert float(grad) == pytest.approx(slope(formula, two, name), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("drifts_up", [True, False])
def test_the_loss_on_ratings_and_its_gradient(drifts_up: bool) -> None:
    options = KtoOptions(beta=0.3, good_weight=1.5, bad_weight=0.5)
    twos, rows = drawn(), list[RatedAnswer]()
    said: dict[tuple[int, ...], torch.Tensor] = {}
    for number, two in enumerate(twos):
        own, other = sequence(100 + number, two.better_tokens), sequence(200 + number, two.worse_tokens)
        said[tuple(own[0])], said[tuple(other[0])] = leaf(two.better), leaf(two.worse)
        before = two.better_before, two.worse - (1.5 if drifts_up else -1.5)
        rows.append(RatedAnswer(*own, False, *other, *before, is_good=number % 3 > 0))
    objective = made_objective(options, said)
    objective.use_sums(objective.shared_sums(rows))
    drift = 1.5 if drifts_up else 0.0

    def good(two: Two) -> float:
        return 1.5 * (1 - sigmoid(0.3 * (two.h_w - drift)))

    def bad(two: Two) -> float:
        return 0.5 * (1 - sigmoid(0.3 * (drift - two.h_w)))

    formulas = [good if row.is_good else bad for row in rows]
    losses, rewards = objective.losses(rows, 0.0)
    assert losses.tolist() == pytest.approx(
        [formula(two) for formula, two in zip(formulas, twos, strict=True)]
    )
    assert rewards.tolist() == pytest.approx([0.3 * two.h_w for two in twos])
    losses.sum().backward()
    for row, two, formula in zip(rows, twos, formulas, strict=True):
        grad = said[tuple(row.input_ids)].grad
        assert grad is not None
        assert float(grad) == pytest.approx(slope(formula, two, "better"), rel=1e-4)
        assert said[tuple(row.rejected_ids)].grad is None
