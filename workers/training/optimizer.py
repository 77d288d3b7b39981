"""AdamW over fp32 weights, also where the model computes in bf16, and the learning rate's plan."""

import math

import torch
from transformers import PreTrainedModel

from workers.contracts.recipes import Recipe
from workers.training.ranks import Ranks

BETAS = (0.9, 0.98)
"""Of the original Transformer (Vaswani et al., 2017, section 5.3): steadier than 0.999 in short runs."""


class Optimizer:
    """Keeps an fp32 copy of every trained bf16 weight: small updates would vanish in bf16.

    Gradients of micro-batches are summed in fp32 too, so that how many there are does not change a step.
    """

    def __init__(self, model: PreTrainedModel, recipe: Recipe) -> None:
        self._trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.weights = {
            name: p if p.dtype == torch.float32 else p.detach().float() for name, p in self._trained.items()
        }
        decayed = [weight for weight in self.weights.values() if weight.ndim > 1]
        others = [weight for weight in self.weights.values() if weight.ndim <= 1]
        self._adam = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": recipe.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=0.0,
            betas=BETAS,
            fused=True,
        )
        self._longest = recipe.max_gradient_norm

    @property
    def parameters(self) -> int:
        return sum(weight.numel() for weight in self.weights.values())

    def collect(self) -> None:
        """Take over the gradients of a micro-batch's backward pass."""
        for name, parameter in self._trained.items():
            weight = self.weights[name]
            if weight is parameter or parameter.grad is None:
                continue
            if weight.grad is None:
                weight.grad = parameter.grad.float()
            else:
                weight.grad += parameter.grad
            parameter.grad = None

    def sum_up(self, ranks: Ranks) -> None:
        """Add up the gradients of all ranks. A rank whose part of a step is empty adds nothing."""
        if ranks.alone:
            return
        learned = ranks.total(*(weight.grad is not None for weight in self.weights.values()))
        chosen = [weight for weight, held in zip(self.weights.values(), learned, strict=True) if held]
        for weight in chosen:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        ranks.sum_up(weight.grad for weight in chosen)

    def step(self, learning_rate: float) -> float:
        """Clip, step, clear; return the gradient's norm before clipping. A norm that is no number changes nothing."""
        norm = float(torch.nn.utils.clip_grad_norm_(self.weights.values(), self._longest))
        if math.isfinite(norm):
            for group in self._adam.param_groups:
                group["lr"] = learning_rate
            self._adam.step()
            self.publish()
        self.forget()
        return norm

    def forget(self) -> None:
        """Clear the gradients without a step."""
        self._adam.zero_grad(set_to_none=True)

    @torch.no_grad()
    def publish(self) -> None:
        """Round the fp32 weights into the model, where it computes in bf16."""
        for name, parameter in self._trained.items():
            if self.weights[name] is not parameter:
                parameter.copy_(self.weights[name])

    @torch.no_grad()
    def take_up(self) -> None:
        """Take over weights that something else has set in the model."""
        for name, parameter in self._trained.items():
            self.weights[name].copy_(parameter)

    @torch.no_grad()
    def load_weights(self, weights: dict[str, torch.Tensor]) -> None:
        """Put weights of the same names in place, in the model too."""
        for name, weight in self.weights.items():
            weight.copy_(weights[name])
        self.publish()

    def copy_weights(self) -> dict[str, torch.Tensor]:
        """The weights as they are now, in fp32."""
        return {name: weight.detach().clone() for name, weight in self.weights.items()}

    def moments(self) -> dict[str, torch.Tensor]:
        """Adam's state as named tensors: `<name>.mean`, `<name>.square`, `<name>.step`."""
        found = {}
        for name, weight in self.weights.items():
            state = self._adam.state.get(weight)
            if state:
                found[f"{name}.mean"] = state["exp_avg"]
                found[f"{name}.square"] = state["exp_avg_sq"]
                found[f"{name}.step"] = state["step"]
        return found

    def load_moments(self, moments: dict[str, torch.Tensor]) -> None:
        """The reverse of `moments`. The tensors are kept where they are on the weights' device already."""
        for name, weight in self.weights.items():
            if f"{name}.mean" in moments:
                self._adam.state[weight] = {
                    "exp_avg": moments[f"{name}.mean"].to(weight.device),
                    "exp_avg_sq": moments[f"{name}.square"].to(weight.device),
                    "step": moments[f"{name}.step"].to(weight.device),
                }


def learning_rate(recipe: Recipe, done: float) -> float:
    """The learning rate when the share `done` (0 to 1) of the run is over: warm-up, then down to a tenth of a percent."""
    peak = recipe.learning_rate or 0.0
    if recipe.warmup_share and done < recipe.warmup_share:
        return peak * max(done, 1e-6) / recipe.warmup_share
    left = min(1.0, max(0.0, (1 - done) / (1 - recipe.warmup_share)))
    if recipe.schedule == "constant":
        return peak
    if recipe.schedule == "linear":
        return peak * max(left, 1e-3)
    return peak * max(0.5 * (1 + math.cos(math.pi * (1 - left))), 1e-3)
