"""Models that people bring: whatever their architecture, they are trained on what a plain forward pass computes."""

import pytest
import torch
import transformers
from torch.nn.functional import cross_entropy

from tests.workers.serving.models import make_tokenizer
from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage
from workers.contracts.recipes import Batching, FolderBase, LoraVariant, Recipe
from workers.models.folder import write_folder
from workers.models.loading import LoadedModel, load_folder, load_pretrained
from workers.models.prompts import Example, encode_examples
from workers.training.adapters import add_adapters, merge_adapters
from workers.training.attention import unpacked
from workers.training.objectives import create_objective

_SIZES = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 130,
    "initializer_range": 0.2,
}
_LLAMA_LIKE = _SIZES | {"num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 1, "pad_token_id": None}
_SHORT_SIGHT = _LLAMA_LIKE | {"sliding_window": 8}
_GPT2 = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 130, "initializer_range": 0.2}
_DEBERTA = _SIZES | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16}
_DISTILBERT = {"dim": 64, "hidden_dim": 96, "n_layers": 2, "n_heads": 4, "initializer_range": 0.2}
_BART = {
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 96,
    "decoder_ffn_dim": 96,
    "max_position_embeddings": 130,
    "init_std": 0.2,
    "decoder_start_token_id": 1,
    "forced_eos_token_id": None,
}
_BLOOM = {"hidden_size": 64, "n_layer": 2, "n_head": 4, "initializer_range": 0.2}
KINDS = {
    "Llama": (Family.CAUSAL, "LlamaForCausalLM", _LLAMA_LIKE),
    "Mistral": (Family.CAUSAL, "MistralForCausalLM", _SHORT_SIGHT),
    "Gemma 2": (Family.CAUSAL, "Gemma2ForCausalLM", _SHORT_SIGHT | {"head_dim": 16}),
    "GPT-2": (Family.CAUSAL, "GPT2LMHeadModel", _GPT2),
    "Bloom": (Family.CAUSAL, "BloomForCausalLM", _BLOOM),
    "BART": (Family.SEQ2SEQ, "BartForConditionalGeneration", _BART),
    "DistilBERT": (Family.CLASSIFIER, "DistilBertForMaskedLM", _DISTILBERT),
    "DeBERTa": (Family.CLASSIFIER, "DebertaV2ForMaskedLM", _DEBERTA),
    "Llama that sorts": (Family.CLASSIFIER, "LlamaForCausalLM", _LLAMA_LIKE),
    "GPT-2 that sorts": (Family.CLASSIFIER, "GPT2LMHeadModel", _GPT2),
}
TASKS = {
    Family.CAUSAL: "chat",
    Family.SEQ2SEQ: "translation",
    Family.CLASSIFIER: "classification",
}
LABELS = ["early", "late"]
TEXTS = [
    "is the desk open on monday",
    "please bring the book back",
    "to the desk",
    "it is due on monday please",
]


@pytest.fixture
def bring(tmp_path):
    def build(kind: str) -> LoadedModel:
        family, name, sizes = KINDS[kind]
        made: type[transformers.PreTrainedModel] = getattr(transformers, name)
        tokenizer = make_tokenizer()
        ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
        torch.manual_seed(0)
        made(made.config_class(**ids | sizes, vocab_size=len(tokenizer))).save_pretrained(
            tmp_path / "brought"
        )
        tokenizer.save_pretrained(tmp_path / "brought")
        base = FolderBase(family=family, path=str(tmp_path / "brought"))
        labels = LABELS if family is Family.CLASSIFIER else []
        torch.manual_seed(0)
        return load_pretrained(base, task_type=TASKS[family], labels=labels, model_roots=[str(tmp_path)])

    return build


def _examples(loaded: LoadedModel) -> list[Example]:
    rows = [
        (
            [PromptMessage(role="user", content=text)],
            LABELS[number % 2] if loaded.manifest.labels else TEXTS[number - 1],
        )
        for number, text in enumerate(TEXTS)
    ]
    return encode_examples(loaded.tokenizer, loaded.manifest, rows)


def _plain_loss(loaded: LoadedModel, example: Example) -> float:
    ids, labels = torch.tensor([example.input_ids]), torch.tensor(example.label_ids)
    if loaded.family is Family.SEQ2SEQ:
        logits = loaded.model(input_ids=ids, labels=labels[None]).logits[0]
    else:
        logits = loaded.model(input_ids=ids, use_cache=False).logits
    if loaded.family is Family.CAUSAL:
        logits, labels = logits[0, :-1], labels[1:]
    return float(cross_entropy(logits, labels, reduction="sum"))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_put_together_have_the_loss_of_a_plain_pass_each(kind, bring):
    plain, loaded = bring(kind), bring(kind)
    examples = _examples(loaded)
    objective = create_objective(loaded, Recipe())
    with torch.no_grad():
        alone = [_plain_loss(plain, example) for example in examples]
        assert [float(objective.loss_sum([example])) for example in examples] == pytest.approx(
            alone, rel=1e-4
        )
        assert float(objective.loss_sum(examples)) == pytest.approx(sum(alone), rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        *((kind, LoraVariant.LORA) for kind in KINDS),
        *((kind, LoraVariant.DORA) for kind in ("GPT-2", "BART", "DistilBERT")),
        *((kind, LoraVariant.PISSA) for kind in ("GPT-2", "BART", "DistilBERT")),
    ],
)
def test_adapters_are_learned_and_merged_and_a_head_is_learned_whole(kind, variant, bring, tmp_path):
    loaded = bring(kind)
    examples = _examples(loaded)
    objective = create_objective(loaded, Recipe())
    add_adapters(loaded, Recipe(lora_rank=4, lora_variant=variant))
    trained = [name for name, weight in loaded.model.named_parameters() if weight.requires_grad]
    assert any("lora_A" in name for name in trained)
    if kind == "DistilBERT":
        assert {"pre_classifier", "classifier"} <= {name.split(".")[2] for name in trained}
    for name, weight in loaded.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    loaded.model.eval()
    with torch.no_grad():
        adapted = float(objective.loss_sum(examples))
        with unpacked(loaded.model):
            merge_adapters(loaded)
    write_folder(loaded, tmp_path / "left")
    left = load_folder(tmp_path / "left")
    with torch.no_grad():
        again = create_objective(left, Recipe(batching=Batching.PADDING)).loss_sum(examples)
    assert float(again) == pytest.approx(adapted, rel=1e-3)


def test_rows_longer_than_a_models_window_are_packed(bring):
    loaded = bring("Mistral")
    assert create_objective(loaded, Recipe()).batching is Batching.PACKING
    assert max(example.input_length for example in _examples(loaded)) > loaded.model.config.sliding_window
