"""Pairs of passages for next-sentence prediction: the second follows the first in its document, or comes from another one."""

import random
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workers.models.masking import Passage

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")
_FOLLOWS_SHARE = 0.5
_REMEMBERED = 256
"""Passages of earlier documents, from which those are drawn that do not follow."""


@dataclass(frozen=True, slots=True)
class SentencePair(Passage):
    """Two passages between control tokens. `second` is the place where the second one begins."""

    second: int = 0
    follows: bool = False


def sentences(text: str) -> list[str]:
    """Divide a text after the marks that end sentences, and into lines."""
    return [part for part in _SENTENCE_END.split(text) if part.strip()]


def pairs(
    documents: Iterable[Sequence[Passage]],
    size: int,
    edges: tuple[Sequence[int], Sequence[int]],
    source: random.Random,
) -> Iterator[SentencePair]:
    """Yield pairs of at most `size` tokens from documents that are divided into sentences.

    As in BERT (Devlin et al. 2019, appendix A.2; create_pretraining_data.py of its release): sentences are gathered until they fill
    a pair and divided between its two sides. In half of the pairs the second side is replaced by one of another document, and the
    sentences that it displaces are used in the next pair. A document with one sentence makes no pair.
    """
    before, after = edges
    room = max(2, size - len(before) - 2 * len(after))
    remembered: deque[Passage] = deque(maxlen=_REMEMBERED)
    for document in documents:
        waiting = deque(document)
        learned: deque[Passage] = deque(maxlen=_REMEMBERED)
        while len(waiting) > 1:
            chosen = _gathered(waiting, room)
            cut = source.randint(1, len(chosen) - 1)
            first, second = _joined(chosen[:cut]), _joined(chosen[cut:])
            learned.append(second)
            follows = not remembered or source.random() < _FOLLOWS_SHARE
            if not follows:
                waiting.extendleft(reversed(chosen[cut:]))
                second = remembered[source.randrange(len(remembered))]
            yield _pair(first, second, room, before, after, follows=follows)
        remembered.extend(learned)


def _gathered(waiting: deque[Passage], room: int) -> list[Passage]:
    """Take sentences until they fill a pair, two at least."""
    chosen: list[Passage] = []
    tokens = 0
    while waiting and (len(chosen) < 2 or tokens < room):
        chosen.append(waiting.popleft())
        tokens += len(chosen[-1].input_ids)
    return chosen


def _joined(parts: Sequence[Passage]) -> Passage:
    ids = [token for part in parts for token in part.input_ids]
    words: list[int] = []
    begin = 0
    for part in parts:
        words += [begin + word if word >= 0 else word for word in part.words]
        begin += max(part.words, default=0) + 1
    return Passage(ids, [], False, words)


def _pair(
    first: Passage,
    second: Passage,
    room: int,
    before: Sequence[int],
    after: Sequence[int],
    *,
    follows: bool,
) -> SentencePair:
    """Lay two passages between control tokens; the longer one loses its end until both fit."""
    sizes = _fitting(len(first.input_ids), len(second.input_ids), room)
    ids, words = [*before, *first.input_ids[: sizes[0]], *after], [-1] * len(before)
    words += [*first.words[: sizes[0]], *[-1] * len(after)]
    begin = len(ids)
    ids += [*second.input_ids[: sizes[1]], *after]
    words += [*second.words[: sizes[1]], *[-1] * len(after)]
    return SentencePair(ids, [], False, words, begin, follows)


def _fitting(first: int, second: int, room: int) -> tuple[int, int]:
    """Lengths of two passages that fit together: the shorter one stays whole if it takes no more than half."""
    if first + second <= room:
        return first, second
    half = room // 2
    if first <= half:
        return first, room - first
    if second <= half:
        return room - second, second
    return room - half, half
