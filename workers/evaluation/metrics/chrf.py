"""chrF: overlap of character n-grams (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation")."""

import numpy as np
from sacrebleu.metrics import CHRF

from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows, ratio


class Chrf(Additive):
    """sacrebleu's chrF2: character n-grams up to 6, beta 2, white space left out.

    Per order there are three counts: n-grams of the output, of the reference, and in both. As in sacrebleu 2, the
    precisions and recalls of the orders that occur are averaged, and F is taken of the averages; 0 to 100.
    """

    name = "chrf"

    def __init__(self) -> None:
        self._scorer = CHRF()
        orders = range(1, self._scorer.char_order + 1)
        self.columns = tuple(f"chrf.{kind}_{n}" for n in orders for kind in ("output", "reference", "match"))
        self._scorer.num_refs = 1
        self.signature = str(self._scorer.get_signature())

    def statistics(self, rows: Rows) -> FloatArray:
        counts = self._scorer._extract_corpus_statistics(list(rows.outputs), [list(rows.targets)])
        return np.asarray(counts, dtype=float).reshape(-1, len(self.columns))

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        output, reference, match = (sums[:, kind::3] for kind in range(3))
        occurs = (output > 0) & (reference > 0)
        orders = occurs.sum(axis=1).astype(float)
        precision = ratio(np.where(occurs, ratio(match, output), 0).sum(axis=1), orders)
        recall = ratio(np.where(occurs, ratio(match, reference), 0).sum(axis=1), orders)
        factor = self._scorer.beta**2
        return 100 * ratio((1 + factor) * precision * recall, factor * precision + recall)
