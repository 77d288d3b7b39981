"""The memory that training takes at least, from the size of a model: what must fit before anything is tried."""

from workers.contracts.recipes import Precision, Tuning

_FP32, _BF16 = 4, 2
_GRADIENT = 4
_MOMENTS = 8
"""Of Adam: two numbers for each weight."""


def least_training_bytes(parameters: int, tuning: Tuning | None, precision: Precision) -> int:
    """Bytes that weights, gradients and optimizer take, activations and adapters aside.

    With fp32 it is also the least in any precision: a model is opened in fp32 before its weights are cast.
    """
    held = _BF16 if precision is Precision.BF16 else _FP32
    # After QLoRA, the whole weights are put together again in the memory of the machine.
    if tuning in (Tuning.LORA, Tuning.QLORA):
        return parameters * held
    masters = _FP32 if precision is Precision.BF16 else 0
    return parameters * (held + masters + _GRADIENT + _MOMENTS)
