"""The check that a model computes the same in the engine's caches as it does by itself."""

from collections.abc import Callable

import torch
from transformers import PreTrainedModel

from workers.models.memory import is_out_of_memory
from workers.serving.errors import EngineError, unsupported

_NATS = {torch.float32: 0.005, torch.bfloat16: 0.25, torch.float16: 0.1}
"""Mean difference of the likely tokens' log-probabilities that rounding alone can explain."""


def require_batchable(model: PreTrainedModel, check: Callable[[], None]) -> None:
    """Run `check`, which compares the model with itself. Raises EngineError (unsupported) also when it cannot be run.

    Models that compute attention their own way are refused without trying: they may agree on a short text only.
    """
    kind = model.config.model_type
    if not (model._supports_attention_backend or model._supports_sdpa):
        raise unsupported(f"The engine cannot serve {kind} models: they cannot be batched.")
    try:
        check()
    except EngineError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise unsupported(f"The engine cannot serve {kind} models: {error}") from error


def require_agreement(ours: torch.Tensor, plain: torch.Tensor, architecture: str) -> None:
    """Compare logits [rows, vocabulary]. Raises EngineError (unsupported)."""
    expected = plain.float().log_softmax(dim=-1)
    likely = expected.topk(min(20, expected.shape[-1]), dim=-1).indices
    difference = (ours.float().log_softmax(dim=-1) - expected).gather(1, likely).abs().mean().item()
    if not difference <= _NATS.get(plain.dtype, 0.25):
        raise unsupported(
            f"The engine cannot serve {architecture} models: batched, they compute something else"
            f" (off by {difference:.3f} nat)."
        )
