"""Which device computes, and in which precision: detected, never assumed."""

import torch
from torch import nn

from workers.contracts.recipes import Precision

DTYPES: dict[Precision, torch.dtype] = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16}


def choose_device() -> torch.device:
    """The first CUDA device when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_fast_bf16(device: torch.device) -> bool:
    """Whether bf16 matrix products run in hardware; elsewhere they are emulated and slower than fp32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


SMALL_PARAMETERS = 8_000_000
"""On a CPU, casts cost smaller models more than bf16 products save them (measured: 1 M classifier 0.7x, 13 M Llama 1.4x)."""


def resolve_precision(precision: Precision, device: torch.device, parameters: int | None = None) -> Precision:
    """Replace AUTO by what the device is good at, for a model of so many parameters."""
    if precision is not Precision.AUTO:
        return precision
    small = device.type == "cpu" and parameters is not None and parameters < SMALL_PARAMETERS
    return Precision.BF16 if has_fast_bf16(device) and not small else Precision.FP32


@torch.no_grad()
def cast_parameters(model: nn.Module, dtype: torch.dtype) -> None:
    """Cast weights alone. Buffers stay as they are: rotary frequencies lose long positions in bf16. So do quantized weights."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(dtype)
