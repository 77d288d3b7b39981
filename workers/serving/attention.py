"""Attention on a CPU: over a cache in fp32 regardless of the model's precision, and by plain matrix products where every row
has one new token.

torch's bf16 attention on CPUs is about five times slower for single tokens than its fp32 one, which would eat what bf16
saves in the matrix products; results only become more exact. And its fp32 one takes about 1.4 times as long for them as
two batched matrix products over a cache that lies in one piece (both measured for 16 rows of 100 to 400 tokens).
"""

import math
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_NAME = "maquette_cpu"


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """As sdpa, in the precision of `key`; the output [rows, width, heads, head size] comes back in that of `query`."""
    wide = query.to(key.dtype)
    is_step = query.shape[2] == 1 and attention_mask is not None and attention_mask.is_floating_point()
    if is_step and attention_mask is not None and kwargs.get("position_bias") is None:
        output = attend_one(wide, key, value, attention_mask, scaling)
    else:
        output, _ = sdpa_attention_forward(
            module, wide, key, value, attention_mask, scaling=scaling, **kwargs
        )
    return output.to(query.dtype), None


def attend_one(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, scaling: float | None
) -> torch.Tensor:
    """Attention of one new token a row: `query` [rows, heads, 1, size], `key` and `value` [rows, key heads, columns, size],
    `mask` added to the scores, [rows, heads or 1, 1, columns]; returns [rows, 1, heads, size].

    Heads that share a key head are read with it at once, rather than copied.
    """
    rows, heads, _, size = query.shape
    shared, columns = key.shape[1], key.shape[2]
    scale = scaling if scaling is not None else 1 / math.sqrt(size)
    grouped = (query * scale).reshape(rows * shared, heads // shared, size)
    scores = torch.bmm(grouped, key.flatten(0, 1).transpose(1, 2)).view(rows, heads, 1, columns)
    weights = scores.add_(mask).softmax(-1).view(rows * shared, heads // shared, columns)
    return torch.bmm(weights, value.flatten(0, 1)).view(rows, 1, heads, -1)


AttentionInterface.register(_NAME, _attend)
AttentionMaskInterface.register(_NAME, sdpa_mask)


def choose_cache_dtype(model: PreTrainedModel, device: torch.device) -> torch.dtype:
    """The precision of keys, values and masks; on CPUs the model's attention is exchanged for the one above.

    Where a model can be told to: Falcon calls torch by itself when it reads "sdpa", and computes otherwise for other names;
    models that choose what they attend to (DeepSeek's index_topk) choose by that name too.
    """
    computes_so = (
        model.dtype in (torch.float32, torch.bfloat16) and model.config._attn_implementation == "sdpa"
    )
    can_be_told = model._can_set_attn_implementation() and not hasattr(model.config, "index_topk")
    if device.type != "cpu" or not computes_so or not can_be_told:
        return model.dtype
    for module in model.modules():
        if isinstance(module, PreTrainedModel):
            module.config._attn_implementation = _NAME
    return torch.float32


def additive_mask(visible: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """What attention adds to its scores: nothing where `visible`, the lowest number elsewhere; of the same shape."""
    mask = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
    return mask.masked_fill_(~visible, torch.finfo(dtype).min)
