"""How surprised a model is by the references: bits per byte and perplexity.

Both come from per-row sums: negative log-probability of the reference in nats, its tokens, its UTF-8 bytes.
"""

import numpy as np

from workers.evaluation.metrics.protocol import Additive, FloatArray, Rows, ratio

NATS, TOKENS, BYTES = "reference_nats", "reference_tokens", "reference_bytes"


class _Likelihood(Additive):
    columns: tuple[str, ...]

    def statistics(self, rows: Rows) -> FloatArray:
        missing = np.full(len(rows.targets), np.nan)
        return np.stack([rows.numbers.get(column, missing) for column in self.columns], axis=1)


class BitsPerByte(_Likelihood):
    """nats / (ln 2 · bytes): independent of the tokenizer (Gao et al. 2020, "The Pile", section 3.1)."""

    name = "bits_per_byte"
    columns = (NATS, BYTES)
    signature = "bits per UTF-8 byte of the reference"

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        return ratio(sums[:, 0], sums[:, 1] * np.log(2))


class Perplexity(_Likelihood):
    """exp(nats / tokens); it means something only between models that share a tokenizer."""

    name = "perplexity"
    columns = (NATS, TOKENS)
    signature = "perplexity per token of the reference"

    def value(self, sums: FloatArray, rows: int) -> FloatArray:
        # Beyond e^80 the number says nothing; the bound keeps it finite in JSON.
        return np.exp(np.minimum(ratio(sums[:, 0], sums[:, 1]), 80.0))

    def tested(self, values: FloatArray) -> FloatArray:
        """Return nats per token: exponents skew the differences so far that none is significant."""
        return np.log(values)
