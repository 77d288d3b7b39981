"""The check that a model computes the same in the engine's caches as it does by itself."""

from collections.abc import Callable

from transformers import PreTrainedModel

from workers.models.agreement import Agreement
from workers.models.memory import is_out_of_memory
from workers.serving.errors import EngineError, unsupported


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


def require_agreement(agreement: Agreement, architecture: str) -> None:
    """Raises EngineError (unsupported)."""
    if not agreement.holds:
        raise unsupported(
            f"The engine cannot serve {architecture} models: batched, they compute something else"
            f" (off by {agreement.nats:.3f} nat, where rounding explains {agreement.allowed:.3f})."
        )
