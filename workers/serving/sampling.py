"""Next tokens for a whole batch in a few tensor operations, with settings and randomness of each row its own."""

import random
from collections.abc import Sequence
from typing import Protocol

import torch

from workers.contracts.engine import Sampling

_NUCLEUS_CANDIDATES = 256
"""Most likely tokens looked at first for top_p; the whole vocabulary is sorted only when they do not reach it."""


class Row(Protocol):
    """What sampling needs to know of a request. `context_ids` are those the repetition penalty looks at."""

    sampling: Sampling
    generator: random.Random

    def context_ids(self) -> Sequence[int]: ...


def sample(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """Return one token id per row of `logits` [rows, vocabulary], float32, which may be changed in place.

    Penalty, temperature, top_k and top_p are applied in that order, as transformers does. A row's choice is the
    inverse of its cumulative distribution at a number drawn from the row's own generator, so that it depends on
    no other row.
    """
    for index, row in enumerate(rows):
        if row.sampling.repetition_penalty != 1.0:
            _penalize(logits[index], row)
    chosen = logits.argmax(dim=-1).tolist()
    drawn = [index for index, row in enumerate(rows) if row.sampling.temperature > 0]
    cut = [index for index in drawn if rows[index].sampling.top_k or rows[index].sampling.top_p < 1]
    # Apart from each other: what a number drawn means depends on the order of the tokens, which cutting changes.
    for indices, draw in ((cut, _draw_cut), ([index for index in drawn if index not in cut], _draw_whole)):
        if indices:
            picks = draw(logits[indices], [rows[index] for index in indices])
            for index, token_id in zip(indices, picks, strict=True):
                chosen[index] = token_id
    return chosen


def _penalize(scores: torch.Tensor, row: Row) -> None:
    """Keskar et al. 2019: divide positive scores of tokens already seen by the penalty, multiply negative ones."""
    seen = torch.tensor(sorted(set(row.context_ids())), device=scores.device)
    if len(seen) == 0:
        return
    values = scores[seen]
    penalty = row.sampling.repetition_penalty
    scores[seen] = torch.where(values > 0, values / penalty, values * penalty)


def _scaled(logits: torch.Tensor, rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores after temperature, and a number of each row's own between 0 and 1."""
    temperature = torch.tensor([row.sampling.temperature for row in rows], device=logits.device)
    uniform = torch.tensor(
        [row.generator.random() for row in rows], device=logits.device, dtype=torch.float64
    )
    return logits / temperature[:, None], uniform


def _draw_whole(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    scores, uniform = _scaled(logits, rows)
    return _invert(torch.softmax(scores, dim=-1), uniform).tolist()


def _draw_cut(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """Draw from top_k and top_p; tokens are ordered from the most likely down."""
    scores, uniform = _scaled(logits, rows)
    vocabulary = scores.shape[-1]
    top_k = torch.tensor([row.sampling.top_k or vocabulary for row in rows], device=logits.device)
    top_p = torch.tensor([row.sampling.top_p for row in rows], device=logits.device)
    wanted = [row.sampling.top_k for row in rows]
    width = min(vocabulary, max(*wanted, _NUCLEUS_CANDIDATES))
    while True:
        values, ids = scores.topk(width, dim=-1)
        enough, probabilities = _nucleus(scores, values, top_k, top_p)
        if enough or width == vocabulary:
            break
        width = vocabulary
    return ids.gather(1, _invert(probabilities, uniform)[:, None])[:, 0].tolist()


def _nucleus(
    scores: torch.Tensor, values: torch.Tensor, top_k: torch.Tensor, top_p: torch.Tensor
) -> tuple[bool, torch.Tensor]:
    """Probabilities of the candidates `values` (descending), zero outside top_k and top_p, not normalized.

    The flag says whether each row's candidates reach its top_k or its top_p.
    """
    rank = torch.arange(values.shape[-1], device=values.device)
    within_k = rank[None, :] < top_k[:, None]
    # The normalizer is over what top_k keeps: the candidates when they hold all of it, else the vocabulary.
    kept = values.masked_fill(~within_k, float("-inf"))
    k_is_held = top_k <= values.shape[-1]
    normalizer = torch.where(k_is_held, kept.logsumexp(dim=-1), scores.logsumexp(dim=-1))
    probabilities = (kept - normalizer[:, None]).exp()
    before = probabilities.cumsum(dim=-1) - probabilities
    enough = bool((k_is_held | (probabilities.sum(dim=-1) >= top_p)).all())
    beyond_p = (before >= top_p[:, None]) & (rank[None, :] > 0)
    return enough, probabilities.masked_fill(beyond_p, 0.0)


def _invert(probabilities: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Index at which each row's cumulative sum passes `uniform` of its total."""
    cumulative = probabilities.double().cumsum(dim=-1)
    target = (uniform * cumulative[:, -1])[:, None]
    index = torch.searchsorted(cumulative, target, right=True)[:, 0]
    # Rounding may put the target at the very end; the last token with any probability is meant then.
    last = probabilities.shape[-1] - 1 - (probabilities > 0).flip(-1).int().argmax(dim=-1)
    return torch.minimum(index, last)
