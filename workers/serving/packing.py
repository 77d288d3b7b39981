"""Linear layers with weights packed once for the CPU's matrix kernels.

A batch of up to a few dozen rows spends most of its time repacking or streaming weights; oneDNN's packed layout
halves that in fp32 and saves a third in bf16 (benchmarks/serving_engine.py prints what it brings). Results differ
from plain layers by rounding only, in bf16 not at all.
"""

from functools import cache

import torch
from torch import nn

_TYPICAL_ROWS = 16
"""The batch that oneDNN is asked to choose the layout for; measured to be good from 1 to 256 rows."""


class PackedLinear(nn.Module):
    """nn.Linear for inference. `weight` is empty and only tells the dtype."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = linear.bias
        # T5 asks a layer's weight for its dtype.
        self.weight = linear.weight.new_empty(0)
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _TYPICAL_ROWS)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._linear_pointwise(states, self.packed, self.bias, "none", [], "")


@cache
def packing_available(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether this processor packs weights of `dtype`; those without AVX-512 pack no bf16."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available() or not torch._C._has_mkldnn:
        return False
    try:
        torch.ops.mkldnn._reorder_linear_weight(torch.zeros(32, 32, dtype=dtype), _TYPICAL_ROWS)
    except RuntimeError:
        return False
    return True


def pack_linear_layers(model: nn.Module) -> None:
    """Replace every nn.Linear of `model` in place. Its own copy of the weight is freed unless it is shared."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, PackedLinear(child))


def memory_of(model: nn.Module) -> int:
    """Bytes of all weights, packed ones included."""
    packed = sum(
        m.packed.numel() * m.packed.element_size() for m in model.modules() if isinstance(m, PackedLinear)
    )
    return packed + sum(
        tensor.numel() * tensor.element_size() for tensor in [*model.parameters(), *model.buffers()]
    )
