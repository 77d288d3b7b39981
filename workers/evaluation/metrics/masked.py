"""How well hidden tokens are filled in: the share that is right, and the perplexity of the right ones.

Only encoders give these. Which tokens are hidden depends on the row alone, so models with the same tokenizer are asked the same.
"""

import numpy as np

from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows, ratio

RIGHT, HIDDEN, HIDDEN_NATS = "masked_right", "masked_tokens", "masked_nats"


class _Masked(Additive):
    columns: tuple[str, ...]

    def statistics(self, rows: Rows) -> FloatArray:
        missing = np.full(len(rows.targets), np.nan)
        return np.stack([rows.numbers.get(column, missing) for column in self.columns], axis=1)


class MaskedAccuracy(_Masked):
    """right / hidden tokens (Devlin et al. 2019, "BERT", appendix A.2)."""

    name = "masked_accuracy"
    columns = (RIGHT, HIDDEN)
    signature = "share of hidden tokens that are right|15 % hidden, whole words"

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return ratio(sums[:, 0], sums[:, 1])


class MaskedPerplexity(_Masked):
    """exp(nats / hidden tokens); comparable only between models that share a tokenizer."""

    name = "masked_perplexity"
    columns = (HIDDEN_NATS, HIDDEN)
    signature = "perplexity per hidden token|15 % hidden, whole words"

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return np.exp(np.minimum(ratio(sums[:, 0], sums[:, 1]), 80.0))

    def tested(self, values: FloatArray) -> FloatArray:
        """Return nats per token, as for perplexity."""
        return np.log(values)
