"""The rule that tells rounding from a mistake, on a model whose weights can be counted."""

import copy

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

from workers.models.agreement import Reference, in_full_precision, likely_distance, probe_rows


@pytest.fixture
def model() -> LlamaForCausalLM:
    """Large activations, as pretrained models have them."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=200,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        initializer_range=0.5,
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config).eval()


def _logits(model: nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return torch.stack([model(input_ids=torch.tensor([row])).logits[0, -1] for row in probe_rows(200)])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_full_precision_computes_what_a_widened_copy_does_and_leaves_no_trace(
    model: LlamaForCausalLM, dtype: torch.dtype
) -> None:
    narrow = model.to(dtype)
    before = {name: value.clone() for name, value in narrow.state_dict().items()}
    expected = _logits(copy.deepcopy(narrow).float())
    plain = _logits(narrow)
    with in_full_precision(narrow):
        exact = _logits(narrow)
    assert exact.dtype == torch.float32
    torch.testing.assert_close(exact, expected, atol=1e-5, rtol=1e-5)
    assert {parameter.dtype for parameter in narrow.parameters()} == {dtype}
    assert all(torch.equal(narrow.state_dict()[name], value) for name, value in before.items())
    assert torch.equal(_logits(narrow), plain)


def test_an_encoder_decoder_model_too() -> None:
    torch.manual_seed(0)
    config = T5Config(vocab_size=200, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4)
    model = T5ForConditionalGeneration(config).eval().to(torch.bfloat16)
    ids = torch.tensor([[5, 9, 3]])

    def logits() -> torch.Tensor:
        with torch.no_grad():
            return model(input_ids=ids, decoder_input_ids=ids[:, :2], use_cache=False).logits[0]

    with in_full_precision(model):
        exact = logits()
    assert exact.dtype == torch.float32
    assert likely_distance(logits(), exact).mean() > 0


def test_weights_are_given_back_after_an_error(model: LlamaForCausalLM) -> None:
    narrow = model.to(torch.bfloat16)
    with pytest.raises(IndexError), in_full_precision(narrow):
        narrow(input_ids=torch.tensor([[10_000]]))
    assert {parameter.dtype for parameter in narrow.parameters()} == {torch.bfloat16}


def test_bf16_may_be_off_by_its_own_rounding_and_no_more(model: LlamaForCausalLM) -> None:
    narrow = model.to(torch.bfloat16)
    reference = Reference.of(narrow, lambda: _logits(narrow))
    assert reference.exact is not None
    rounding = likely_distance(reference.plain, reference.exact).mean().item()
    assert reference.compare(reference.plain).holds
    other_rounding = reference.exact + (reference.exact - reference.plain.float())
    assert reference.compare(other_rounding).holds
    mistaken = reference.exact + 4 * (reference.plain.float() - reference.exact)
    found = reference.compare(mistaken)
    assert not found.holds
    assert found.allowed == pytest.approx(2.5 * rounding)


def test_fp32_is_tight_and_the_worst_row_decides(model: LlamaForCausalLM) -> None:
    reference = Reference.of(model, lambda: _logits(model))
    ours = reference.plain.clone()
    assert reference.compare(ours).holds
    ours[2, ours[2].argmax()] += 0.05
    assert not reference.compare(ours).holds


def test_what_is_not_a_number_never_agrees(model: LlamaForCausalLM) -> None:
    reference = Reference.of(model, lambda: _logits(model))
    assert not reference.compare(torch.full_like(reference.plain, torch.nan)).holds
