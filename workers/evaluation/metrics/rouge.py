"""ROUGE: words shared with a reference summary (Lin 2004, "ROUGE: a package for automatic evaluation of summaries").

Counting is our own, because rouge-score's table for ROUGE-L takes quadratic time in Python; tests hold both equal.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version

import numpy as np
from rouge_score.tokenizers import DefaultTokenizer

from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows
from workers.evaluation.writing import Writing

Tokenize = Callable[[str], list[str]]

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = (
    r"\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_CHARACTER_OR_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])+")


def _unicode_words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _characters(text: str) -> list[str]:
    """Every Chinese or Japanese character is a token, and so is every word between them."""
    return _CHARACTER_OR_WORD.findall(text.lower())


_TOKENIZERS: dict[Writing, tuple[str, Tokenize]] = {
    # The usual tokenizer drops everything but a to z and digits, which fits English alone.
    Writing.ASCII: (f"rouge-score {version('rouge-score')}", DefaultTokenizer(use_stemmer=False).tokenize),
    Writing.SPACED: ("unicode-words", _unicode_words),
    Writing.CHINESE: ("char", _characters),
    Writing.JAPANESE: ("char", _characters),
}


class Rouge(Additive):
    """Mean over rows of ROUGE's F1 times 100. `kind` is "1", "2" or "l" (longest common subsequence of the text)."""

    def __init__(self, kind: str, writing: Writing = Writing.ASCII) -> None:
        self.name = f"rouge_{kind}"
        self.columns = (self.name,)
        tokenizer, self._tokenize = _TOKENIZERS[writing]
        self.signature = f"{self.name}|f1|stem:no|tok:{tokenizer}"
        self._shared = longest_common_subsequence if kind == "l" else _shared_ngrams
        self._order = 1 if kind == "l" else int(kind)

    def statistics(self, rows: Rows) -> FloatArray:
        pairs = zip(rows.targets, rows.outputs, strict=True)
        return np.array([[self._f1(target, output)] for target, output in pairs], dtype=float).reshape(-1, 1)

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return 100 * sums[:, 0] / rows

    def _f1(self, target: str, output: str) -> float:
        wanted = _ngrams(self._tokenize(target), self._order)
        given = _ngrams(self._tokenize(output), self._order)
        shared = self._shared(wanted, given)
        return 2 * shared / (len(wanted) + len(given)) if shared else 0.0


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
