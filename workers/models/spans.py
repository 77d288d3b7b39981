"""Span corruption: stretches of a text are removed from the input, and the decoder writes them (Raffel et al. 2020, "Exploring
the Limits of Transfer Learning with a Unified Text-to-Text Transformer", section 3.1.4)."""

import random
import re
from collections.abc import Sequence
from functools import lru_cache

from transformers import PreTrainedTokenizerBase

from workers.models.draws import draw
from workers.models.prompts import Example, neutralized

REMOVED_SHARE = 0.15
"""Of the tokens (ibid., section 3.3.3)."""
_SENTINEL = re.compile(r"<extra_id_(\d+)>|<\|span_(\d+)\|>")
SPAN_LENGTH = 3.0
"""Tokens of a removed stretch, on average (ibid., section 3.3.4)."""
MOST_SENTINELS = 100


def sentinel(number: int) -> str:
    """Return the token of a starter that stands for the removed stretch of this number."""
    return f"<|span_{number}|>"


@lru_cache(maxsize=16)
def sentinels(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """Return the ids of a tokenizer's sentinel tokens in their order; none where it has no such tokens."""
    found = {}
    for token, index in tokenizer.get_added_vocab().items():
        if match := _SENTINEL.fullmatch(token):
            found[int(match[1] or match[2])] = index
    return tuple(found[number] for number in sorted(found))


def corrupt(
    ids: Sequence[int], marks: Sequence[int], end: int, source: random.Random, *, span_length: float
) -> Example:
    """Return what the encoder reads, a mark in place of each removed stretch, and what the decoder writes: each mark with its
    stretch. Both end with `end`.

    At least one token is removed and one stays. Stretches never touch, and there are at most as many as marks.
    """
    tokens = len(ids)
    removed = min(max(1, round(REMOVED_SHARE * tokens)), max(1, tokens - 1))
    spans = min(max(1, round(removed / span_length)), len(marks), removed, max(1, tokens - removed))
    lengths = _parted(removed, spans, source)
    gaps = _parted(tokens - removed, spans, source) if tokens > removed else [0] * spans
    read: list[int] = []
    written: list[int] = []
    place = 0
    for mark, gap, length in zip(marks, gaps, lengths, strict=False):
        read += [*ids[place : place + gap], mark]
        place += gap
        written += [mark, *ids[place : place + length]]
        place += length
    return Example([*read, *ids[place:], end], [*written, end])


def _parted(total: int, parts: int, source: random.Random) -> list[int]:
    """Divide a number into so many parts of at least one, each division equally likely."""
    cuts = sorted(source.sample(range(1, total), parts - 1))
    return [end - begin for begin, end in zip([0, *cuts], [*cuts, total], strict=True)]


def removed(tokenizer: PreTrainedTokenizerBase, text: str, most: int, seed: str) -> Example:
    """Corrupt the beginning of a text, at most `most` tokens of it; `seed` chooses what is removed."""
    ids = tokenizer(neutralized(text, tokenizer), add_special_tokens=False, verbose=False)["input_ids"][:most]
    return corrupt(
        ids or [tokenizer.eos_token_id],
        sentinels(tokenizer),
        tokenizer.eos_token_id,
        draw(seed),
        span_length=SPAN_LENGTH,
    )


def restored(read: Sequence[int], written: Sequence[int], marks: Sequence[int]) -> list[int]:
    """Return what was read with the stretches in place that the decoder wrote after each mark."""
    return [token for token, _ in marked(read, written, marks)]


def marked(read: Sequence[int], written: Sequence[int], marks: Sequence[int]) -> list[tuple[int, bool]]:
    """Return the tokens of a whole text, and whether each stands in a stretch that was written after a mark."""
    known = set(marks)
    stretches: dict[int, list[int]] = {}
    current: list[int] | None = None
    for token in written:
        if token in known:
            current = stretches.setdefault(token, [])
        elif current is not None:
            current.append(token)
    found: list[tuple[int, bool]] = []
    for token in read:
        found += [(one, True) for one in stretches.get(token, [])] if token in known else [(token, False)]
    return found
