"""Attention in fp32 over a cache in fp32, for bf16 models on a CPU.

torch's bf16 attention on CPUs is about five times slower for single tokens than its fp32 one (measured for 16 rows of
130 and 400 tokens), which would eat what bf16 saves in the matrix products. Results only become more exact.
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_NAME = "maquette_wide"


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *args: Any,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """sdpa in the precision of `key`; the output comes back in that of `query`."""
    output, _ = sdpa_attention_forward(module, query.to(key.dtype), key, value, *args, **kwargs)
    return output.to(query.dtype), None


AttentionInterface.register(_NAME, _attend)
AttentionMaskInterface.register(_NAME, sdpa_mask)


def choose_cache_dtype(model: PreTrainedModel, device: torch.device) -> torch.dtype:
    """The precision of keys, values and masks; switches the model's attention over where fp32 pays."""
    if device.type != "cpu" or model.dtype != torch.bfloat16 or model.config._attn_implementation != "sdpa":
        return model.dtype
    for module in model.modules():
        if isinstance(module, PreTrainedModel):
            module.config._attn_implementation = _NAME
    return torch.float32


def additive_mask(visible: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """What attention adds to its scores: nothing where `visible`, the lowest number elsewhere; of the same shape."""
    mask = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
    return mask.masked_fill_(~visible, torch.finfo(dtype).min)
