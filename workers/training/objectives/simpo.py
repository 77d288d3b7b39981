"""Simple preference optimization: the mean log-probability of an answer is its reward, so there is no reference."""

from collections.abc import Sequence

import torch
from torch.nn.functional import logsigmoid

from workers.contracts.objectives.simpo import SimpoOptions
from workers.contracts.recipes import Recipe
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.objectives.pairs import PreferenceObjective


class SimplePreferenceOptimization(PreferenceObjective):
    """-log sigmoid(beta/|y_w| log pi(y_w) - beta/|y_l| log pi(y_l) - gamma): equation 6 of Meng et al. 2024 (arXiv:2405.14734).
    Label smoothing is the share of pairs whose answers are taken to be swapped, as in DPO."""

    starter_rate, pretrained_rate, lora_rate = 2e-4, 1e-5, 5e-5

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        self._options = recipe.objective if isinstance(recipe.objective, SimpoOptions) else SimpoOptions()

    def losses(self, examples: Sequence[Example], smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
        chosen, rejected = self.likelihoods(examples).means
        margins = self._options.beta * (chosen - rejected)
        beyond = margins - self._options.margin
        return -(1 - smoothing) * logsigmoid(beyond) - smoothing * logsigmoid(-beyond), margins
