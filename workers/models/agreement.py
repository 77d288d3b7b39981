"""Whether a model computes the same in another way: batched, over other caches, or packed.

In fp32 rounding changes far less than any mistake does, so a fixed limit is enough. In bf16 it does not: of
SmolLM2-135M the likely tokens move by 0.05 to 0.3 nat by rounding alone, more than some mistakes move those of a
starter. There the exact answer is computed too, the same rows in fp32, and the other way may be off by
`ROUNDING` times (workers/models/rounding.py) as much as the plain way is. Measured over sets of rows of SmolLM2: 0.7 to
1.5 times for the engine's batches, 3.6 to 160 times for masks that hide or show one column too many.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from workers.models.rounding import allowed_by_rounding

_FP32_NATS = 0.001
_UNMEASURED_NATS = 0.25
"""Where the exact answer cannot be computed, because a module reads another one's weights by itself."""
_LENGTHS = (11, 4, 8, 6)


@dataclass(frozen=True)
class Agreement:
    """`nats` is the mean distance of the likely tokens' log-probabilities, `allowed` what rounding explains."""

    nats: float
    allowed: float

    @property
    def holds(self) -> bool:
        return self.nats <= self.allowed  # not where either is NaN


def probe_rows(vocabulary: int) -> list[list[int]]:
    """Rows of unequal lengths with token ids from all of the vocabulary; the lowest ids are often control tokens, on
    which models that never saw them alone round worse."""
    return [
        [(7919 * (17 * row + place + 1)) % (vocabulary - 1) for place in range(length)]
        for row, length in enumerate(_LENGTHS)
    ]


@dataclass(frozen=True)
class Reference:
    """Logits [rows, vocabulary] as the model computes them by itself, and below fp32 the `exact` ones."""

    plain: torch.Tensor
    exact: torch.Tensor | None

    @classmethod
    def of(cls, model: nn.Module, compute: Callable[[], torch.Tensor]) -> "Reference":
        """`compute` runs `model` on rows, each by itself."""
        plain = compute()
        if plain.dtype == torch.float32:
            return cls(plain, None)
        try:
            with in_full_precision(model):
                return cls(plain, compute())
        except (RuntimeError, TypeError, AttributeError, NotImplementedError):
            return cls(plain, None)

    def compare(self, ours: torch.Tensor) -> Agreement:
        """In fp32 the worst row decides; below, the mean over all rows, of which each alone may round luckily."""
        if self.exact is not None:
            rounding = likely_distance(self.plain, self.exact).mean().item()
            return Agreement(likely_distance(ours, self.exact).mean().item(), allowed_by_rounding(rounding))
        nats = likely_distance(ours, self.plain)
        if self.plain.dtype == torch.float32:
            return Agreement(nats.max().item(), _FP32_NATS)
        return Agreement(nats.mean().item(), _UNMEASURED_NATS)


def likely_distance(ours: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    """Mean distance in nats, one per row, of the log-probabilities that matter: those of the 20 likeliest tokens."""
    wanted = expected.float().log_softmax(dim=-1)
    likely = wanted.topk(min(20, wanted.shape[-1]), dim=-1).indices
    return (ours.float().log_softmax(dim=-1) - wanted).gather(-1, likely).abs().mean(dim=-1)


@contextmanager
def in_full_precision(model: nn.Module) -> Iterator[None]:
    """Within it, `model` computes in fp32. Weights are widened one module at a time, so that no second copy of the model
    has to fit into memory."""
    handles = []
    for module in model.modules():
        if any(_is_narrow(parameter) for parameter in module.parameters(recurse=False)):
            handles += _widen_when_called(module)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _widen_when_called(module: nn.Module) -> list[Any]:
    narrow: dict[str, nn.Parameter | None] = {}

    def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for name, parameter in module._parameters.items():
            if parameter is not None and _is_narrow(parameter):
                narrow[name] = parameter
                module._parameters[name] = parameter.detach().float()
        return tuple(map(_wide, args)), {name: _wide(value) for name, value in kwargs.items()}

    def after(_: nn.Module, *__: Any) -> None:
        module._parameters.update(narrow)
        narrow.clear()

    return [
        module.register_forward_pre_hook(before, with_kwargs=True),
        module.register_forward_hook(after, always_call=True),
    ]


def _is_narrow(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype in (torch.bfloat16, torch.float16)


def _wide(value: Any) -> Any:
    return value.float() if _is_narrow(value) else value
