"""How many processor threads a forward pass is worth.

A step that says one token for each of a few visitors is a row of small matrix products. With a second thread those of
a small model take longer, not shorter, and the core would be missing where the answers are carried to the browsers.
Long prompts and larger models use all threads.
"""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

_PRODUCTS_PER_THREAD = 400e6
"""Multiplications that make another thread pay; see docs/decisions.md for what was measured."""


def threads_for(weights: int, tokens: int, limit: int) -> int:
    """Between 1 and `limit`, for `tokens` tokens through a model of `weights` parameters."""
    return max(1, min(limit, round(weights * tokens / _PRODUCTS_PER_THREAD)))


def adapt_threads(model: PreTrainedModel, weights: int, limit: int) -> None:
    """Let each forward pass of `model` on the processor take as many threads as it is worth, at most `limit`.

    The number is the calling thread's: one thread computes for all models.
    """

    def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs.get("input_ids", kwargs.get("decoder_input_ids"))
        wanted = limit if ids is None else threads_for(weights, ids.numel(), limit)
        if wanted != torch.get_num_threads():
            torch.set_num_threads(wanted)

    modules = [model, model.get_encoder()] if model.config.is_encoder_decoder else [model]
    for module in modules:
        module.register_forward_pre_hook(before, with_kwargs=True)
