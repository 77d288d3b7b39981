"""Direct preference optimization: the chosen answer becomes more likely than the rejected one, as seen from the base model."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch.nn.functional import logsigmoid, relu

from workers.contracts.objectives.dpo import DpoOptions
from workers.contracts.recipes import Recipe
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.objectives.pairs import Likelihoods, PreferenceObjective, references

Loss = Callable[[torch.Tensor, torch.Tensor, float, float], torch.Tensor]
"""Log-ratios of the chosen and of the rejected answers (the model's log-probability less that of the reference), beta and
label smoothing to the loss of each pair."""


def sigmoid_loss(chosen: torch.Tensor, rejected: torch.Tensor, beta: float, smoothing: float) -> torch.Tensor:
    """-log sigmoid(beta (h_w - h_l)): equation 7 of Rafailov et al. 2023 (arXiv:2305.18290). Smoothing is the share of pairs
    whose answers are taken to be swapped (Mitchell 2023, "A note on DPO with noisy preferences", equation 3)."""
    margins = beta * (chosen - rejected)
    return -(1 - smoothing) * logsigmoid(margins) - smoothing * logsigmoid(-margins)


def ipo_loss(chosen: torch.Tensor, rejected: torch.Tensor, beta: float, smoothing: float) -> torch.Tensor:
    """(h_w - h_l - 1/(2beta))²: equation 17 of Azar et al. 2023 (arXiv:2310.12036), of log-ratios per token."""
    return (chosen - rejected - 1 / (2 * beta)) ** 2


def hinge_loss(chosen: torch.Tensor, rejected: torch.Tensor, beta: float, smoothing: float) -> torch.Tensor:
    """max(0, 1 - beta (h_w - h_l)): the calibration loss of SLiC (Zhao et al. 2023, arXiv:2305.10425) on the margins of DPO."""
    return relu(1 - beta * (chosen - rejected))


def apo_zero_loss(
    chosen: torch.Tensor, rejected: torch.Tensor, beta: float, smoothing: float
) -> torch.Tensor:
    """1 - sigmoid(beta h_w) + sigmoid(beta h_l): chosen answers become more likely, rejected ones less (D'Oosterlinck et al.
    2024, arXiv:2408.06266, equation 7)."""
    return 1 - torch.sigmoid(beta * chosen) + torch.sigmoid(beta * rejected)


def apo_down_loss(
    chosen: torch.Tensor, rejected: torch.Tensor, beta: float, smoothing: float
) -> torch.Tensor:
    """sigmoid(beta h_w) + 1 - sigmoid(beta (h_w - h_l)): both become less likely, rejected ones more so (ibid., equation 8)."""
    return torch.sigmoid(beta * chosen) + 1 - torch.sigmoid(beta * (chosen - rejected))


LOSSES: dict[str, Loss] = {
    "sigmoid": sigmoid_loss,
    "ipo": ipo_loss,
    "hinge": hinge_loss,
    "apo_zero": apo_zero_loss,
    "apo_down": apo_down_loss,
}


class DirectPreferenceOptimization(PreferenceObjective):
    """The reference is the model before training. What it says of the rows is computed once, so no second model is held."""

    starter_rate, pretrained_rate, lora_rate = 2e-4, 1e-5, 5e-5
    needs_reference = True

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        options = recipe.objective if isinstance(recipe.objective, DpoOptions) else DpoOptions()
        self._options, self._loss = options, LOSSES[options.loss]

    def prepare(
        self, examples: Sequence[Example], path: Path, tick: Callable[[int, int], None]
    ) -> Sequence[Example]:
        return self._with_reference(examples, path, tick)

    def losses(self, examples: Sequence[Example], smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
        chosen, rejected = self._log_ratios(examples, self.likelihoods(examples))
        beta = self._options.beta
        return self._loss(chosen, rejected, beta, smoothing), beta * (chosen - rejected)

    def _log_ratios(
        self, examples: Sequence[Example], said: Likelihoods
    ) -> tuple[torch.Tensor, torch.Tensor]:
        chosen_before, rejected_before = references(examples, said.chosen)
        chosen, rejected = said.chosen - chosen_before, said.rejected - rejected_before
        if self._options.loss != "ipo":
            return chosen, rejected
        # Its target margin is a constant, which sums over long answers would pass at once.
        return chosen / said.chosen_tokens, rejected / said.rejected_tokens
