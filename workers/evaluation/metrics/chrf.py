"""chrF: overlap of character n-grams (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation"), and chrF++,
which adds words and pairs of words (Popović 2017, "chrF++: words helping character n-grams").

Counting characters is our own, because sacrebleu's dictionaries of n-grams take most of a minute for ten thousand long answers;
tests hold both equal.
"""

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.helpers import extract_word_ngrams

from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows, ratio
from workers.models.writing import Writing

_BLOCK_CHARACTERS = 2_000_000
"""Characters counted at a time: about 150 MB."""


class Chrf(Additive):
    """sacrebleu's chrF2: character n-grams up to 6, beta 2, white space left out.

    Per order there are three counts: n-grams of the output, of the reference, and in both. As in sacrebleu 2, the
    precisions and recalls of the orders that occur are averaged, and F is taken of the averages; 0 to 100.
    """

    name = "chrf"
    _word_orders = 0

    def __init__(self, writing: Writing = Writing.SPACED) -> None:
        super().__init__(writing)
        self._scorer = CHRF(word_order=self._word_orders)
        self._scorer.num_refs = 1
        self.signature = str(self._scorer.get_signature())
        self._orders, self._factor = self._scorer.char_order, self._scorer.beta**2
        orders = [*range(1, self._orders + 1), *(f"words_{n}" for n in range(1, self._word_orders + 1))]
        self.columns = tuple(f"chrf.{kind}_{n}" for n in orders for kind in ("output", "reference", "match"))

    def statistics(self, rows: Rows) -> FloatArray:
        targets, outputs = rows.composed
        texts = ["".join(text.split()) for pair in zip(outputs, targets, strict=True) for text in pair]
        blocks, start, size = [], 0, 0
        for place in range(0, len(texts), 2):
            size += len(texts[place]) + len(texts[place + 1])
            if size >= _BLOCK_CHARACTERS or place + 2 == len(texts):
                blocks.append(_ngram_counts(texts[start : place + 2], self._orders))
                start, size = place + 2, 0
        counts = np.concatenate(blocks)
        # sacrebleu counts no n-gram of an output whose reference is too short to have one.
        return np.where(_is_output(counts) & (np.roll(counts, -1, axis=1) == 0), 0, counts)

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        output, reference, match = (sums[:, kind::3] for kind in range(3))
        occurs = (output > 0) & (reference > 0)
        orders = occurs.sum(axis=1).astype(float)
        precision = ratio(np.where(occurs, ratio(match, output), 0).sum(axis=1), orders)
        recall = ratio(np.where(occurs, ratio(match, reference), 0).sum(axis=1), orders)
        return 100 * ratio((1 + self._factor) * precision * recall, self._factor * precision + recall)


class ChrfPlusPlus(Chrf):
    """sacrebleu's chrF2++: what chrF counts, and words and pairs of words, of which punctuation is split off."""

    name = "chrf_plus_plus"
    _word_orders = 2

    def statistics(self, rows: Rows) -> FloatArray:
        pairs = zip(*rows.composed, strict=True)
        words = [self._word_counts(output, target) for target, output in pairs]
        counts = np.array(words, dtype=float).reshape(-1, 3 * self._word_orders)
        return np.concatenate([super().statistics(rows), counts], axis=1)

    def _word_counts(self, output: str, target: str) -> list[int]:
        given, wanted = map(self._scorer._remove_punctuation, (output, target))
        return [
            count
            for order in range(1, self._word_orders + 1)
            for count in self._scorer._get_match_statistics(
                extract_word_ngrams(given, order), extract_word_ngrams(wanted, order)
            )
        ]


def _is_output(counts: FloatArray) -> np.ndarray:
    return np.arange(counts.shape[1]) % 3 == 0


def _ngram_counts(texts: Sequence[str], orders: int) -> FloatArray:
    """Count n-grams of outputs and references, alternating in `texts`; return [rows, 3 · orders].

    An n-gram is a number that stands for its row, its first n - 1 characters' number and its last character, so that
    counting all rows of an order is one sort.
    """
    rows = len(texts) // 2
    characters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(
        np.int64
    )
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    row, is_reference = owner // 2, owner % 2
    begins = np.arange(len(characters))
    ngram = row
    counts = np.zeros((rows, orders, 3))
    for order in range(orders):
        fits = begins + order < len(characters)
        fits[fits] = owner[begins[fits]] == owner[begins[fits] + order]
        begins, ngram = begins[fits], ngram[fits]
        # 0x110000 is one more than the largest code point.
        _, first, ngram = np.unique(
            ngram * 0x110000 + characters[begins + order], return_index=True, return_inverse=True
        )
        kinds = len(first)
        by_side = np.bincount(ngram + kinds * is_reference[begins], minlength=2 * kinds).reshape(2, kinds)
        of_row = row[begins[first]]
        for place, count in enumerate((by_side[0], by_side[1], by_side.min(axis=0))):
            counts[:, order, place] = np.bincount(of_row, weights=count, minlength=rows)
    return counts.reshape(rows, -1)
