"""BLEU: overlap of word n-grams (Papineni et al. 2002), as sacrebleu computes it (Post 2018)."""

import numpy as np
from sacrebleu.metrics.bleu import BLEU

from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows, ratio
from workers.models.writing import Writing

_TOKENIZERS = {Writing.CHINESE: "zh", Writing.JAPANESE: "char", Writing.UNSPACED: "char"}
_ORDERS = 4


class Bleu(Additive):
    """Corpus BLEU, 0 to 100. The tokenizer is 13a, zh for Chinese references, char for Japanese, Thai, Lao, Khmer and
    Burmese ones. Orders that no output is long enough for are left out (sacrebleu's effective order), so that equal
    texts score 100 however short they are.

    Statistics: output and reference length in tokens, then matches and n-grams of the output for orders 1 to 4.
    """

    name = "bleu"

    def __init__(self, writing: Writing = Writing.SPACED) -> None:
        # force only silences sacrebleu's warning about outputs that end in a tokenized period.
        self._scorer = BLEU(tokenize=_TOKENIZERS.get(writing, "13a"), force=True, effective_order=True)
        orders = range(1, _ORDERS + 1)
        self.columns = (
            "bleu.output_length",
            "bleu.reference_length",
            *(f"bleu.match_{n}" for n in orders),
            *(f"bleu.output_{n}" for n in orders),
        )
        self._scorer.num_refs = 1
        self.signature = str(self._scorer.get_signature())

    def statistics(self, rows: Rows) -> FloatArray:
        targets, outputs = rows.composed
        counts = self._scorer._extract_corpus_statistics(outputs, [targets])
        return np.asarray(counts, dtype=float).reshape(-1, len(self.columns))

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        """Geometric mean of the four precisions times the brevity penalty; a precision without matches is smoothed
        by halving (method 3 of Chen and Cherry 2014, sacrebleu's default "exp")."""
        output_length, reference_length = sums[:, 0], sums[:, 1]
        match, total = sums[:, 2 : 2 + _ORDERS], sums[:, 2 + _ORDERS :]
        halvings = np.cumsum((match == 0) & (total > 0), axis=1)
        precision = ratio(np.where(match > 0, match, 0.5**halvings), total)
        orders = (total > 0).sum(axis=1)
        defined = np.any(match > 0, axis=1)
        logs = np.log(np.where(defined[:, None] & (total > 0), precision, 1))
        penalty = np.exp(np.minimum(0, 1 - ratio(reference_length, output_length)))
        return np.where(defined, 100 * penalty * np.exp(logs.sum(axis=1) / np.maximum(orders, 1)), 0)
