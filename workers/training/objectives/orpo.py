"""Odds ratio preference optimization: the loss of supervised fine-tuning on the chosen answer, and the odds of the two."""

from collections.abc import Sequence

import torch
from torch.nn.functional import logsigmoid

from workers.contracts.objectives.orpo import OrpoOptions
from workers.contracts.recipes import Recipe
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.objectives.pairs import PreferenceObjective

_LEAST = 1e-6
"""Of 1 - P, whose logarithm is -∞ for an answer that is certain."""


def log_odds(means: torch.Tensor) -> torch.Tensor:
    """log(P / (1 - P)) of answers whose mean log-probability per token is log P."""
    return means - torch.log(-torch.expm1(means) + _LEAST)


class OddsRatioPreferenceOptimization(PreferenceObjective):
    """-log P(y_w) - lambda log sigmoid(log(odds(y_w) / odds(y_l))): equations 6 and 7 of Hong et al. 2024 (arXiv:2403.07691),
    where P is the geometric mean of an answer's token probabilities."""

    starter_rate, pretrained_rate, lora_rate = 2e-3, 2e-5, 1e-4

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        options = recipe.objective if isinstance(recipe.objective, OrpoOptions) else OrpoOptions()
        self._ratio_weight = options.ratio_weight

    def losses(self, examples: Sequence[Example], smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
        chosen, rejected = self.likelihoods(examples).means
        ratios = logsigmoid(log_odds(chosen) - log_odds(rejected))
        return -chosen - self._ratio_weight * ratios, self._ratio_weight * (chosen - rejected)
