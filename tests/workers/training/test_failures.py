"""Every failure of the arithmetic offers the setting that mends it."""

import pytest
import torch

from workers.contracts.fixes import memory_advice, memory_fix
from workers.contracts.recipes import Precision, Recipe
from workers.models.devices import has_fast_bf16, resolve_precision
from workers.runtime.reporter import JobError
from workers.training.failures import memory_explained


def test_memory_is_saved_step_by_step():
    first = memory_fix(Recipe(tokens_per_microbatch=2048), 300)
    assert first.recipe == {"tokens_per_microbatch": 1024}
    second = memory_fix(Recipe(tokens_per_microbatch=256), 300)
    assert second.recipe == {"gradient_checkpointing": True}
    third = memory_fix(Recipe(tokens_per_microbatch=256, gradient_checkpointing=True, max_length=512), 300)
    assert third.recipe == {"max_length": 256}
    assert (
        memory_fix(Recipe(tokens_per_microbatch=64, gradient_checkpointing=True, max_length=32), 64) is None
    )


def test_the_advice_promises_only_what_holds():
    shorter = memory_fix(Recipe(tokens_per_microbatch=64, gradient_checkpointing=True, max_length=64), 64)
    assert "The result stays the same." in memory_advice(memory_fix(Recipe(), 10))
    assert memory_advice(shorter) == "Train with rows of at most 32 tokens. Longer rows are truncated."
    assert memory_advice(None) == "Choose a smaller model."


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), memory_explained(Recipe(), 10):
        raise RuntimeError("shapes do not match")
    with pytest.raises(JobError), memory_explained(Recipe(), 10):
        raise MemoryError


def test_precision_follows_the_machine_and_the_size_of_the_model():
    cpu = torch.device("cpu")
    large = resolve_precision(Precision.AUTO, cpu, 100_000_000)
    assert large is (Precision.BF16 if has_fast_bf16(cpu) else Precision.FP32)
    assert resolve_precision(Precision.AUTO, cpu, 1_000_000) is Precision.FP32
    assert resolve_precision(Precision.BF16, cpu, 1_000_000) is Precision.BF16
