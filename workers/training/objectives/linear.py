"""Logistic regression: the weights are computed from all rows at once, in place of steps."""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from workers.contracts.objectives.linear import LinearOptions
from workers.contracts.recipes import Recipe
from workers.models.generation import batches_by_length, padded
from workers.models.linear import fit_regression
from workers.models.linear_classifier import LinearClassifier
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.encoding import Spread
from workers.training.objectives.classification import Classification

MOST_ROWS, FEWEST_ROWS = 50_000, 5_000
MOST_LABEL_ROWS = 4_000_000
"""Rows times labels."""
MOST_TOKENS = 30_000_000
"""With the others above, what bounds memory and time: each different n-gram of a row takes 12 bytes."""
_BATCH_TOKENS = 65_536
_UNSEEN = 1e-6
"""Probability, against the rarest label, of one that no fitted row has."""


class Linear(Classification):
    """Validation and figures are those of every classifier."""

    starter_smoothing = 0.0
    learns_at_once: ClassVar[bool] = True

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        options: Any = recipe.objective or LinearOptions()
        self._inverse_penalty: float = options.inverse_penalty

    def used(self, examples: Sequence[Example]) -> int:
        tokens = sum(map(self.tokens, examples))
        most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_LABEL_ROWS // max(1, len(self._loaded.manifest.labels))))
        return max(1, min(len(examples), most, len(examples) * MOST_TOKENS // max(1, tokens)))

    def solve(self, examples: Sequence[Example], tick: Callable[[], None]) -> float:
        model: Any = self._loaded.model
        rows = Spread(examples, self.used(examples))
        groups = list(batches_by_length([len(row.input_ids) for row in rows], _BATCH_TOKENS))
        labels = np.array([rows[place].label_ids[0] for group in groups for place in group])
        present = np.unique(labels)
        tick()
        weight, bias = torch.zeros_like(model.weight), torch.full_like(model.bias, -math.inf)
        if len(present) == 1:
            bias[present[0]] = 0.0
        else:
            fitted = fit_regression(
                self._features(model, rows, groups),
                labels,
                inverse_penalty=self._inverse_penalty,
            )
            weight[:, present] = torch.from_numpy(_one_for_each(fitted.coef_)).T.to(weight)
            bias[present] = torch.from_numpy(_one_for_each(fitted.intercept_)).to(bias)
        tick()
        bias[bias.isinf()] = bias[present].min() + math.log(_UNSEEN)
        with torch.no_grad():
            model.weight.copy_(weight)
            model.bias.copy_(bias)
            return sum(self.validate([rows[place] for place in group])[0] for group in groups) / len(rows)

    def _features(
        self, model: LinearClassifier, rows: Sequence[Example], groups: Sequence[Sequence[int]]
    ) -> csr_matrix:
        """The features of all rows as the model itself computes them, in the order of the groups."""
        parts: list[tuple[torch.Tensor, ...]] = []
        begin = 0
        for group in groups:
            ids, mask = padded([rows[place].input_ids for place in group], self._pad, self._device)
            numbers, ngrams, values = model.features(ids, mask)
            parts.append(((numbers + begin).int().cpu(), ngrams.int().cpu(), values.cpu()))
            begin += len(group)
        numbers, ngrams, values = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
        return csr_matrix((values, (numbers, ngrams)), (len(rows), model.config.vocab_size), np.float32)


def _one_for_each(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights for each label. Of two labels, scikit-learn has those of the second one alone."""
    return np.concatenate([-found / 2, found / 2]) if len(found) == 1 else found
