"""Tiny models with random weights, as complete model folders, for the engine's tests."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    MarianConfig,
    MarianMTModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from workers.contracts.families import Family
from workers.contracts.model_folder import MANIFEST_NAME, ModelManifest
from workers.models.prompts import STARTER_CHAT_TEMPLATE
from workers.shared.storage import PUBLISHED_NAME

LABELS = ["billing", "delivery", "other"]
CONTEXT = 128
_SPECIAL = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE with few merges: every text can be said, and most characters outside ASCII take several tokens."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=_SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(
        ["the book is due on monday, please bring it back to the desk"] * 4, trainer
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|pad|>", eos_token="<|end|>")
    fast.add_special_tokens({"additional_special_tokens": _SPECIAL[2:]})
    fast.chat_template = STARTER_CHAT_TEMPLATE
    return fast


def _llama(vocabulary: int) -> PreTrainedModel:
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        initializer_range=0.3,
    )
    return LlamaForCausalLM(config)


def _bart(vocabulary: int, family: type = BartForConditionalGeneration) -> PreTrainedModel:
    config = (BartConfig if family is BartForConditionalGeneration else MarianConfig)(
        vocab_size=vocabulary,
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=96,
        decoder_ffn_dim=96,
        max_position_embeddings=CONTEXT,
        init_std=0.3,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=1,
        decoder_start_token_id=1,
        forced_eos_token_id=None,
    )
    return family(config)


def _t5(vocabulary: int) -> PreTrainedModel:
    config = T5Config(
        vocab_size=vocabulary,
        d_model=64,
        d_kv=16,
        d_ff=96,
        num_layers=2,
        num_heads=4,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        initializer_factor=5.0,
    )
    return T5ForConditionalGeneration(config)


def _bert(vocabulary: int) -> PreTrainedModel:
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT,
        initializer_range=0.3,
        num_labels=len(LABELS),
        pad_token_id=0,
    )
    return BertForSequenceClassification(config)


_MAKERS = {
    "llama": (Family.CAUSAL, "chat", _llama),
    "bart": (Family.SEQ2SEQ, "summarization", _bart),
    "marian": (Family.SEQ2SEQ, "translation", lambda vocabulary: _bart(vocabulary, MarianMTModel)),
    "t5": (Family.SEQ2SEQ, "translation", _t5),
    "bert": (Family.CLASSIFIER, "classification", _bert),
}


def make_folder(path: Path, kind: str, *, seed: int = 0) -> Path:
    """Write a published model folder of this kind: llama, bart, marian, t5 or bert."""
    family, task_type, make = _MAKERS[kind]
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    model = make(len(tokenizer))
    if family is not Family.CLASSIFIER:
        model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    manifest = ModelManifest(
        family=family,
        task_type=task_type,
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        context_length=CONTEXT,
        max_target_length=40 if family is Family.SEQ2SEQ else None,
        labels=LABELS if family is Family.CLASSIFIER else [],
    )
    (path / MANIFEST_NAME).write_text(json.dumps(manifest.model_dump(mode="json")))
    (path / PUBLISHED_NAME).write_bytes(b"1")
    return path
