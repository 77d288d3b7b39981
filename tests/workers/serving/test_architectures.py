"""Architectures that differ in positions, masks and layers: each is served as generate serves it, or refused."""

import copy
import random

import pytest
import torch
import transformers
from transformers import PretrainedConfig, PreTrainedModel

from tests.workers.serving.models import make_tokenizer
from workers.contracts.engine import Sampling
from workers.contracts.families import Family
from workers.contracts.model_folder import ModelManifest
from workers.contracts.recipes import Precision
from workers.models.loading import LoadedModel
from workers.serving.backends.causal import CausalModel
from workers.serving.backends.seq2seq import Seq2SeqModel
from workers.serving.backends.slots import SlotBackend
from workers.serving.errors import EngineError
from workers.serving.packing import pack_linear_layers
from workers.serving.work import Generation

_IDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1}
_LLAMA_LIKE = _IDS | {
    "vocab_size": 200,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.2,
}
_BART_LIKE = _IDS | {
    "vocab_size": 200,
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 96,
    "decoder_ffn_dim": 96,
    "max_position_embeddings": 128,
    "init_std": 0.2,
    "forced_eos_token_id": None,
}
_GPT2 = _IDS | {
    "vocab_size": 200,
    "n_embd": 64,
    "n_layer": 3,
    "n_head": 4,
    "n_positions": 128,
    "initializer_range": 0.2,
}
_GPT_NEO = _IDS | {
    "vocab_size": 200,
    "hidden_size": 64,
    "num_layers": 2,
    "num_heads": 4,
    "attention_types": [[["global", "local"], 1]],
}
SERVED: dict[str, tuple[str, dict]] = {
    "GPT2": ("GPT2LMHeadModel", _GPT2),
    "Qwen2": ("Qwen2ForCausalLM", _LLAMA_LIKE),
    "Mistral": ("MistralForCausalLM", _LLAMA_LIKE | {"sliding_window": 8}),
    "Gemma2": ("Gemma2ForCausalLM", _LLAMA_LIKE | {"sliding_window": 8, "head_dim": 16}),
    "Falcon": ("FalconForCausalLM", _LLAMA_LIKE),
    "M2M100": ("M2M100ForConditionalGeneration", _BART_LIKE),
    "Pegasus": ("PegasusForConditionalGeneration", _BART_LIKE),
}
REFUSED: dict[str, tuple[str, dict]] = {
    "GPTNeo": ("GPTNeoForCausalLM", _GPT_NEO),
    "Mamba": ("MambaForCausalLM", {"vocab_size": 200, "hidden_size": 64, "num_hidden_layers": 2}),
}


def _make(name: str, kind: str, settings: dict) -> LoadedModel:
    config: PretrainedConfig = getattr(transformers, f"{name}Config")(**settings)
    torch.manual_seed(0)
    model: PreTrainedModel = getattr(transformers, kind)(config).eval()
    family = Family.SEQ2SEQ if config.is_encoder_decoder else Family.CAUSAL
    manifest = ModelManifest(
        family=family, task_type="translation", architecture=kind, parameters=1, context_length=128
    )
    return LoadedModel(model, make_tokenizer(), manifest, torch.device("cpu"), Precision.FP32)


@pytest.mark.parametrize("name", SERVED)
def test_a_mixed_batch_says_what_generate_says(name: str) -> None:
    loaded = _make(name, *SERVED[name])
    plain = copy.deepcopy(loaded.model)
    pack_linear_layers(loaded.model)
    causal = loaded.family is Family.CAUSAL
    model = (CausalModel if causal else Seq2SeqModel)(loaded, slots=8, cache_bytes=1 << 28)
    backend = SlotBackend(model, slots=8)
    dice = random.Random(1)
    prompts = [[dice.randrange(5, 199) for _ in range(dice.randrange(3, 40))] for _ in range(6)]
    works = [Generation(ids, sampling=Sampling(temperature=0), max_new_tokens=15) for ids in prompts]
    for work in works:
        backend.submit(work)
        backend.step(lambda events: None)
    while backend.running or backend.waiting:
        backend.step(lambda events: None)
    for work in works:
        ids = torch.tensor([work.prompt_ids])
        answer = plain.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=15,
            eos_token_id=None,
            forced_eos_token_id=None,
        )
        assert work.output_ids == answer[0].tolist()[len(work.prompt_ids) if causal else 1 :]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_batched_is_refused(name: str) -> None:
    with pytest.raises(EngineError, match="cannot serve") as refused:
        CausalModel(_make(name, *REFUSED[name]), slots=8, cache_bytes=1 << 28)
    assert refused.value.code == "unsupported"
