"""Low-rank adapters: what they begin with, and which settings they refuse."""

import sys
from types import SimpleNamespace

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from workers.contracts.families import Family
from workers.contracts.recipes import LoraVariant, Precision, Recipe, StarterSize, Tuning
from workers.models.loading import LoadedModel
from workers.models.starters import create_starter
from workers.runtime.reporter import JobError
from workers.training.adapters import add_adapters
from workers.training.estimates import least_memory

IDS = torch.tensor([[5, 6, 7, 8, 9]])


def _starter() -> LoadedModel:
    return create_starter(
        ["the red cat", "le chat rouge"],
        family=Family.CAUSAL,
        size=StarterSize.TINY,
        task_type="chat",
        seed=3,
        device=torch.device("cpu"),
    )


def _logits(loaded: LoadedModel) -> torch.Tensor:
    with torch.no_grad():
        return loaded.model.eval()(input_ids=IDS).logits


def _weights(loaded: LoadedModel) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in loaded.model.named_parameters()}


@pytest.mark.parametrize("variant", list(LoraVariant))
def test_a_model_with_new_adapters_says_what_its_base_says(variant: LoraVariant) -> None:
    loaded = _starter()
    before = _logits(loaded)
    add_adapters(loaded, Recipe(lora_variant=variant))
    torch.testing.assert_close(_logits(loaded), before, atol=1e-4, rtol=1e-4)


def test_pissa_moves_the_main_components_into_the_adapters() -> None:
    loaded = _starter()
    plain = loaded.model.model.layers[0].mlp.up_proj
    torch.manual_seed(0)
    plain.weight.data += torch.randn(plain.out_features, 4) @ torch.randn(4, plain.in_features)
    before = torch.linalg.svdvals(plain.weight.detach())
    add_adapters(loaded, Recipe(lora_rank=4, lora_variant=LoraVariant.PISSA))
    layer = loaded.model.base_model.model.model.layers[0].mlp.up_proj
    frozen = torch.linalg.svdvals(layer.get_base_layer().weight)
    assert float(frozen[0]) == pytest.approx(float(before[4]), rel=0.01)
    assert before[3] > 10 * before[4]


def test_pissa_divides_the_same_weights_in_the_same_way() -> None:
    """A checkpoint holds the adapters and not what is frozen, and random numbers are drawn elsewhere, too."""
    found = []
    for seed in (1, 2):
        loaded = _starter()
        torch.manual_seed(seed)
        add_adapters(loaded, Recipe(lora_variant=LoraVariant.PISSA))
        found.append((_weights(loaded), torch.rand(1)))
    (one, drawn), (other, drawn_after) = found
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(drawn, drawn_after), "numbers drawn afterwards still follow the run's seed"


def test_a_rank_above_the_components_of_a_layer_is_refused_for_pissa_alone() -> None:
    with pytest.raises(JobError) as caught:
        add_adapters(_starter(), Recipe(lora_rank=129, lora_variant=LoraVariant.PISSA))
    assert (caught.value.code, caught.value.field) == ("lora_rank", "lora_rank")
    assert caught.value.fix.recipe == {"lora_rank": 128}
    add_adapters(_starter(), Recipe(lora_rank=129))
    add_adapters(_starter(), Recipe(lora_rank=128, lora_variant=LoraVariant.PISSA))


def test_layers_that_share_their_weights_with_the_embeddings_are_refused() -> None:
    """A merge would change the embeddings as well."""
    with pytest.raises(JobError) as caught:
        add_adapters(_starter(), Recipe(lora_targets=["lm_head", "q_proj"]))
    assert (caught.value.code, caught.value.field) == ("lora_layers", "lora_targets")
    assert "lm_head" in caught.value.message
    assert "q_proj" not in caught.value.message


def _layer(loaded: LoadedModel) -> torch.nn.Module:
    """The adapted first projection of the first feed-forward block."""
    return loaded.model.base_model.model.model.layers[0].mlp.up_proj


@pytest.mark.parametrize("variant", list(LoraVariant))
def test_frozen_weights_of_qlora_take_four_bits_and_nearly_compute_the_same(variant: LoraVariant) -> None:
    loaded = _starter()
    before, plain = _logits(loaded), loaded.model.model.layers[0].mlp.up_proj.weight
    add_adapters(loaded, Recipe(tuning=Tuning.QLORA, lora_variant=variant))
    frozen = _layer(loaded).get_base_layer().weight
    assert frozen.nbytes == plain.numel() / 2
    after = _logits(loaded)
    assert not torch.equal(after, before)
    assert torch.nn.functional.cosine_similarity(after, before, dim=-1).min() > 0.95
    trained = {name for name, weight in loaded.model.named_parameters() if weight.requires_grad}
    assert all("lora_" in name for name in trained)


def test_a_validation_leaves_quantized_weights_as_they_are() -> None:
    """bitsandbytes may repack them for inference, and training would then read them wrongly."""
    loaded = _starter()
    add_adapters(loaded, Recipe(tuning=Tuning.QLORA, lora_dropout=0.0))
    layer = _layer(loaded).get_base_layer()
    packed = layer.weight.detach().clone()
    inputs = torch.randn(4, layer.in_features)
    training = layer.train()(inputs)
    with torch.inference_mode():
        torch.testing.assert_close(layer.eval()(inputs), training)
        layer.eval()(inputs.bfloat16())
    assert torch.equal(layer.weight, packed)
    torch.testing.assert_close(layer.train()(inputs), training)


def test_qlora_without_its_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(JobError) as caught:
        add_adapters(_starter(), Recipe(tuning=Tuning.QLORA))
    assert (caught.value.code, caught.value.field) == ("no_bitsandbytes", "tuning")


def test_qlora_of_an_architecture_without_linear_layers_is_refused() -> None:
    loaded = _starter()
    loaded.model = GPT2LMHeadModel(GPT2Config(vocab_size=300, n_embd=64, n_layer=1, n_head=2))
    with pytest.raises(JobError) as caught:
        add_adapters(loaded, Recipe(tuning=Tuning.QLORA))
    assert (caught.value.code, caught.value.field) == ("lora_layers", "tuning")


def test_the_least_memory_of_qlora_is_that_of_four_bits_on_an_accelerator() -> None:
    loaded = _starter()
    loaded.device = SimpleNamespace(type="cuda")
    lora, qlora = (
        least_memory(loaded, Recipe(tuning=tuning), Precision.BF16) for tuning in (Tuning.LORA, Tuning.QLORA)
    )
    linear = sum(p.numel() for name, p in loaded.model.named_parameters() if "_proj" in name)
    assert lora - qlora == pytest.approx(linear * (2 - 0.516), rel=1e-6)
    loaded.device = torch.device("cpu")
    assert least_memory(loaded, Recipe(tuning=Tuning.QLORA), Precision.BF16) == lora
