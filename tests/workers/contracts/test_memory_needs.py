"""The least memory of a training grows with the model, and LoRA never needs more than training every weight."""

from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.memory_needs import least_training_bytes
from workers.contracts.recipes import Precision, Tuning

PARAMETERS = st.integers(1, 10**12)
PRECISIONS = st.sampled_from([Precision.FP32, Precision.BF16])


@given(PARAMETERS, PARAMETERS, st.sampled_from(Tuning), PRECISIONS)
def test_a_larger_model_never_needs_less(one: int, other: int, tuning: Tuning, precision: Precision) -> None:
    smaller, larger = sorted((one, other))
    needed = [least_training_bytes(parameters, tuning, precision) for parameters in (smaller, larger)]
    assert needed == sorted(needed)


@given(PARAMETERS, PRECISIONS)
def test_lora_needs_less_than_training_every_weight(parameters: int, precision: Precision) -> None:
    lora, full = (
        least_training_bytes(parameters, tuning, precision) for tuning in (Tuning.LORA, Tuning.FULL)
    )
    assert lora < full


@given(PARAMETERS)
def test_training_every_weight_needs_the_least_in_fp32(parameters: int) -> None:
    fp32, bf16 = (
        least_training_bytes(parameters, Tuning.FULL, one) for one in (Precision.FP32, Precision.BF16)
    )
    assert fp32 <= bf16
