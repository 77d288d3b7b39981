"""ROUGE: words shared with a reference summary (Lin 2004, "ROUGE: a package for automatic evaluation of summaries").

Counting is our own, because rouge-score's table for ROUGE-L takes quadratic time in Python; tests hold both equal. Equal
texts score 100 here, also where they are too short for an n-gram.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version

import numpy as np
from rouge_score.tokenizers import DefaultTokenizer

from workers.contracts.words import words
from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows
from workers.models.writing import Writing

Tokenize = Callable[[str], list[str]]

_ENGLISH = f"rouge-score {version('rouge-score')}"
_ANY = "words with marks, unspaced scripts by character"


def _tokenizer(writing: Writing) -> tuple[str, Tokenize]:
    """The usual tokenizer drops everything but a to z and digits, which fits English alone."""
    if writing is Writing.ASCII:
        return _ENGLISH, DefaultTokenizer(use_stemmer=False).tokenize
    return _ANY, words


class Rouge(Additive):
    """Mean over rows of ROUGE's F1 times 100. `kind` is "1", "2" or "l" (longest common subsequence of the text)."""

    def __init__(self, kind: str, writing: Writing = Writing.ASCII) -> None:
        self.name = f"rouge_{kind}"
        self.columns = (self.name,)
        tokenizer, self._tokenize = _tokenizer(writing)
        self.signature = f"{self.name}|f1|stem:no|tok:{tokenizer}"
        self._shared = longest_common_subsequence if kind == "l" else _shared_ngrams
        self._order = 1 if kind == "l" else int(kind)

    def statistics(self, rows: Rows) -> FloatArray:
        pairs = zip(*rows.composed, strict=True)
        return np.array([[self._f1(target, output)] for target, output in pairs], dtype=float).reshape(-1, 1)

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return 100 * sums[:, 0] / rows

    def _f1(self, target: str, output: str) -> float:
        target_words, output_words = self._tokenize(target), self._tokenize(output)
        if target_words == output_words:
            # Also where a text is too short for the order, or holds no word at all (an emoji).
            return float(bool(target_words) or target.split() == output.split())
        wanted, given = _ngrams(target_words, self._order), _ngrams(output_words, self._order)
        shared = self._shared(wanted, given)
        return 2 * shared / (len(wanted) + len(given)) if shared else 0.0


rouge_1, rouge_2, rouge_l = partial(Rouge, "1"), partial(Rouge, "2"), partial(Rouge, "l")


Ngram = tuple[str, ...]


def _ngrams(tokens: Sequence[str], order: int) -> list[Ngram]:
    return list(zip(*(tokens[start:] for start in range(order)), strict=False))


def _shared_ngrams(wanted: list[Ngram], given: list[Ngram]) -> int:
    return (Counter(wanted) & Counter(given)).total()


def longest_common_subsequence(first: Sequence[Ngram], second: Sequence[Ngram]) -> int:
    """Length of the longest common subsequence, one machine-word operation per 64 tokens of `first`.

    Hyyrö 2004, "Bit-parallel LCS-length computation revisited": a column of the table is kept as the bits of one
    integer, a cleared bit standing for a step upwards.
    """
    positions: dict[Ngram, int] = {}
    for place, token in enumerate(first):
        positions[token] = positions.get(token, 0) | 1 << place
    mask = (1 << len(first)) - 1
    column = mask
    for token in second:
        matches = column & positions.get(token, 0)
        column = ((column + matches) | (column - matches)) & mask
    return len(first) - column.bit_count()
