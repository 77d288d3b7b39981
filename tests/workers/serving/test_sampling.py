"""Each row of a batch is drawn by its own settings and its own random numbers."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
import torch
from transformers import RepetitionPenaltyLogitsProcessor, TopKLogitsWarper, TopPLogitsWarper

from workers.contracts.engine import Sampling
from workers.serving.sampling import sample

VOCABULARY = 600


@dataclass
class Row:
    sampling: Sampling
    context: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.generator = random.Random(self.sampling.seed)

    def context_ids(self) -> list[int]:
        return self.context


def _logits(rows: int, *, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, VOCABULARY, generator=torch.Generator().manual_seed(seed)) * 3


def _support(settings: Sampling, logits: torch.Tensor, draws: int = 3000) -> set[int]:
    rows = [Row(settings.model_copy(update={"seed": seed})) for seed in range(draws)]
    return set(sample(logits.expand(draws, -1).clone(), rows))


def test_temperature_zero_takes_the_most_likely_token() -> None:
    logits = _logits(5)
    assert sample(logits.clone(), [Row(Sampling(temperature=0))] * 5) == logits.argmax(-1).tolist()


def test_draws_follow_the_distribution() -> None:
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05])
    rows = [Row(Sampling(temperature=1, seed=seed)) for seed in range(4000)]
    counts = Counter(sample(probabilities.log().repeat(4000, 1), rows))
    for token_id, expected in enumerate(probabilities.tolist()):
        # Four standard deviations of a binomial share.
        assert abs(counts[token_id] / 4000 - expected) < 4 * (expected * (1 - expected) / 4000) ** 0.5


@pytest.mark.parametrize("top_p", [0.3, 0.8, 0.9999])
def test_top_p_keeps_what_transformers_keeps(top_p: float) -> None:
    logits = _logits(1, seed=1)
    allowed = (
        TopPLogitsWarper(top_p)(torch.zeros(1, 1), logits.clone())[0].isfinite().nonzero()[:, 0].tolist()
    )
    drawn = _support(Sampling(temperature=1, top_p=top_p), logits)
    assert drawn <= set(allowed)
    assert len(drawn) > 1


def test_top_k_and_top_p_together_keep_what_transformers_keeps() -> None:
    logits = _logits(1, seed=2)
    warped = TopPLogitsWarper(0.7)(torch.zeros(1, 1), TopKLogitsWarper(20)(torch.zeros(1, 1), logits.clone()))
    assert _support(Sampling(temperature=1, top_k=20, top_p=0.7), logits) == set(
        warped[0].isfinite().nonzero()[:, 0].tolist()
    )


def test_a_nearly_flat_distribution_needs_more_candidates_than_are_looked_at_first() -> None:
    drawn = _support(Sampling(temperature=1, top_p=0.9), torch.zeros(1, VOCABULARY), draws=6000)
    assert len(drawn) > 400


def test_settings_of_one_row_do_not_reach_another() -> None:
    logits = _logits(1).expand(4, -1)
    mixed = [
        Row(Sampling(temperature=0)),
        Row(Sampling(temperature=2, seed=1)),
        Row(Sampling(temperature=1, top_k=1, seed=2)),
        Row(Sampling(temperature=0.7, top_p=0.9, seed=3)),
    ]
    together = sample(logits.clone(), mixed)
    alone = [sample(logits[:1].clone(), [Row(row.sampling)])[0] for row in mixed]
    assert together == alone


def test_the_repetition_penalty_is_that_of_transformers() -> None:
    logits = _logits(1)
    seen = logits[0].topk(3).indices.tolist()
    expected = RepetitionPenaltyLogitsProcessor(1.8)(torch.tensor([seen]), logits.clone()).argmax(-1).item()
    assert expected != logits.argmax(-1).item()
    assert sample(logits.clone(), [Row(Sampling(temperature=0, repetition_penalty=1.8), seen)]) == [expected]
