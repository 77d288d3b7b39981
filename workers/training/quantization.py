"""QLoRA (Dettmers et al., 2023): the frozen weights below adapters are held in four bits while the adapters are trained.

The adapters are added to the plain layers, which are quantized afterwards and made plain again before the adapters are
merged. The merged weights are those that the adapters were trained with. To quantize while loading, as transformers can, was
rejected: PiSSA decomposes plain weights, and peft would round merged weights to four bits again.
"""

from typing import Any

import torch
from torch import nn

from workers.contracts.texts import Text
from workers.runtime.reporter import JobError

BYTES_PER_WEIGHT = 0.516
"""Four bits for each weight, and for every 64 weights a scale of eight bits."""
_SETTINGS = {"quant_type": "nf4", "compress_statistics": True}


def quantize(plain: nn.Linear, device: torch.device) -> nn.Module:
    """Return the layer in NF4, on `device`. Raises JobError (no_bitsandbytes)."""
    library = _bitsandbytes()
    made: nn.Module = library.nn.Linear4bit(
        plain.in_features, plain.out_features, plain.bias is not None, device="meta", **_SETTINGS
    )
    weight = library.nn.Params4bit(plain.weight.data, requires_grad=False, module=made, **_SETTINGS)
    made.weight = weight.to(device)
    made.bias = plain.bias
    # Where the processor computes in bf16, the layer would repack its weights when it validates, for good.
    made.support_avx512bf16_for_cpu = False
    return made


def is_quantized(layer: nn.Module) -> bool:
    """Whether this is a layer that `quantize` returned."""
    return hasattr(layer.weight, "quant_state")


def restore(layer: Any) -> nn.Linear:
    """Return a quantized layer as a plain one, with the weights that it computes with."""
    weight = _bitsandbytes().functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    plain = nn.Linear(layer.in_features, layer.out_features, bias=False, device="meta")
    plain.weight = nn.Parameter(weight, requires_grad=False)
    plain.bias = layer.bias
    return plain


def _bitsandbytes() -> Any:
    """The library, imported where it is needed: it takes a second, and few runs need it."""
    try:
        import bitsandbytes
    except ImportError as error:
        raise JobError("no_bitsandbytes", Text("training.qlora_not_installed"), field="tuning") from error
    return bitsandbytes
