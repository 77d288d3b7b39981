"""Starters: small models with random weights, their tokenizer trained on the dataset at hand.

They make the whole path work with no network. Their sizes are chosen so that two CPU cores train `small` within
minutes on thousands of rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MBartConfig,
    MBartForConditionalGeneration,
    ModernBertConfig,
    ModernBertForMaskedLM,
    ModernBertForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from workers.contracts.families import Family
from workers.contracts.model_folder import ModelManifest
from workers.contracts.recipes import Precision, StarterSize
from workers.contracts.tasks import TASKS, TaskName
from workers.models.linear_classifier import create_linear
from workers.models.loading import LoadedModel
from workers.models.prompts import STARTER_CHAT_TEMPLATE
from workers.models.spans import MOST_SENTINELS, sentinel

CONTEXT_LENGTHS = {
    Family.CAUSAL: 2048,
    Family.SEQ2SEQ: 1024,
    Family.CLASSIFIER: 2048,
    Family.LINEAR: 65_536,
    Family.ENCODER: 2048,
}
"""Tokens that a starter can read (n-grams for a linear one); longest answers of sequence-to-sequence starters too."""
PAD, START, END, MASK = "<|pad|>", "<|start|>", "<|end|>", "<|mask|>"
_ROLES = ["<|system|>", "<|user|>", "<|assistant|>"]


@dataclass(frozen=True)
class Shape:
    """Width, layers (per side for sequence-to-sequence), attention heads, feed-forward width, largest vocabulary."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int


SHAPES: dict[Family, dict[StarterSize, Shape]] = {
    Family.CAUSAL: {
        StarterSize.TINY: Shape(128, 2, 4, 384, 2000),
        StarterSize.SMALL: Shape(256, 4, 4, 768, 4000),
        StarterSize.MEDIUM: Shape(512, 8, 8, 1408, 12000),
    },
    Family.SEQ2SEQ: {
        StarterSize.TINY: Shape(128, 2, 4, 384, 2000),
        StarterSize.SMALL: Shape(256, 3, 4, 768, 6000),
        StarterSize.MEDIUM: Shape(512, 6, 8, 2048, 12000),
    },
    Family.CLASSIFIER: {
        StarterSize.TINY: Shape(64, 2, 2, 128, 2000),
        StarterSize.SMALL: Shape(128, 2, 4, 256, 2000),
        StarterSize.MEDIUM: Shape(384, 6, 6, 768, 8000),
    },
    Family.ENCODER: {
        StarterSize.TINY: Shape(128, 2, 2, 256, 4000),
        StarterSize.SMALL: Shape(256, 4, 4, 512, 8000),
        StarterSize.MEDIUM: Shape(384, 8, 6, 768, 16000),
    },
}
_READERS = (Family.CLASSIFIER, Family.ENCODER)
"""Their tokenizers read lower case, and set a control token before and after a text."""


def create_starter(
    texts: Iterable[str],
    *,
    family: Family,
    size: StarterSize,
    task_type: TaskName,
    labels: Sequence[str] = (),
    seed: int,
    device: torch.device,
) -> LoadedModel:
    """Train a tokenizer on `texts` (the training split's alone) and draw initial weights: a pure function of both
    and of `seed`. The caller's random state is left as it was. A linear starter has one size, and no weights yet; each of its
    `texts` is one input."""
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    if family is Family.LINEAR:
        model, tokenizer = create_linear(texts, labels, CONTEXT_LENGTHS[family])
    else:
        model, tokenizer = _random_model(texts, family, SHAPES[family][size], task_type, labels, seed)
    manifest = ModelManifest(
        family=family,
        task_type=task_type,
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        context_length=CONTEXT_LENGTHS[family],
        labels=list(labels),
        precision=Precision.FP32,
        trained=False,
        lineage={"base": f"starter {family}, {size}"},
    )
    return LoadedModel(model.to(device).eval(), tokenizer, manifest, device, Precision.FP32)


def _random_model(
    texts: Iterable[str],
    family: Family,
    shape: Shape,
    task_type: TaskName,
    labels: Sequence[str],
    seed: int,
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    spans = MOST_SENTINELS if family is Family.SEQ2SEQ and TASKS[task_type].is_corpus else 0
    tokenizer = train_tokenizer(texts, family=family, vocabulary=shape.vocabulary, spans=spans)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _model(family, shape, tokenizer, labels), tokenizer


def train_tokenizer(
    texts: Iterable[str], *, family: Family, vocabulary: int, spans: int = 0
) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer: any text in any language comes back unchanged (classifiers and encoders read lower case).

    `spans` is the number of tokens that stand for removed text (workers.models.spans).
    """
    tokenizer = _untrained_tokenizer(family)
    roles = _ROLES if family is Family.CAUSAL else [sentinel(number) for number in range(spans)]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PAD, START, END, MASK, *roles],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    _mark_ends(tokenizer, family)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        mask_token=MASK,
        model_max_length=CONTEXT_LENGTHS[family],
        clean_up_tokenization_spaces=False,
        extra_special_tokens=roles,
    )
    if family is Family.CAUSAL:
        wrapped.chat_template = STARTER_CHAT_TEMPLATE
    return wrapped


def _untrained_tokenizer(family: Family) -> Tokenizer:
    """How texts are cut into pieces and put together again, before any piece is learned."""
    tokenizer = Tokenizer(models.BPE())
    steps: list[normalizers.Normalizer] = []
    if family in _READERS:
        steps += [normalizers.NFKC(), normalizers.Lowercase()]
    if family is not Family.CAUSAL:
        # The first word of a text gets the token that it has elsewhere.
        steps.append(normalizers.Prepend(" "))
    tokenizer.normalizer = normalizers.Sequence(steps)
    # Digits one by one: numbers seldom repeat, their digits do.
    digits = pre_tokenizers.Split(Regex(r"\d"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [digits, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    steps_back: list[decoders.Decoder] = [decoders.ByteLevel()]
    if family is not Family.CAUSAL:
        steps_back.append(decoders.Strip(" ", 1, 0))
    tokenizer.decoder = decoders.Sequence(steps_back)
    return tokenizer


def _mark_ends(tokenizer: Tokenizer, family: Family) -> None:
    pattern = {Family.SEQ2SEQ: f"$A {END}", **dict.fromkeys(_READERS, f"{START} $A {END}")}.get(family)
    if pattern:
        marks = [(mark, tokenizer.token_to_id(mark)) for mark in (START, END)]
        tokenizer.post_processor = processors.TemplateProcessing(single=pattern, special_tokens=marks)


def _model(
    family: Family, shape: Shape, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str]
) -> PreTrainedModel:
    # Rounded up to full cache lines: matrix products are faster, the extra ids are never learned.
    vocabulary = -(-len(tokenizer) // 64) * 64
    ids = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    if family is Family.CAUSAL:
        return LlamaForCausalLM(_attended(_llama(shape, vocabulary, ids)))
    if family is Family.SEQ2SEQ:
        return MBartForConditionalGeneration(_attended(_mbart(shape, vocabulary, ids)))
    config = _attended(_modernbert(shape, vocabulary, ids, labels))
    if family is Family.ENCODER:
        return ModernBertForMaskedLM(config)
    return ModernBertForSequenceClassification(config)


def _attended(config: PretrainedConfig) -> PretrainedConfig:
    config._attn_implementation = "sdpa"
    return config


def _llama(shape: Shape, vocabulary: int, ids: dict[str, int]) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=CONTEXT_LENGTHS[Family.CAUSAL],
        tie_word_embeddings=True,
        **ids,
    )


def _mbart(shape: Shape, vocabulary: int, ids: dict[str, int]) -> MBartConfig:
    """Norms before each block: of the architectures tried on 6,800 sentence pairs it learned fastest per second."""
    return MBartConfig(
        vocab_size=vocabulary,
        d_model=shape.width,
        encoder_layers=shape.layers,
        decoder_layers=shape.layers,
        encoder_ffn_dim=shape.inner,
        decoder_ffn_dim=shape.inner,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        max_position_embeddings=CONTEXT_LENGTHS[Family.SEQ2SEQ],
        activation_function="relu",
        scale_embedding=True,
        dropout=0.1,
        decoder_start_token_id=ids["eos_token_id"],
        forced_eos_token_id=None,
        **ids,
    )


def _modernbert(
    shape: Shape, vocabulary: int, ids: dict[str, int], labels: Sequence[str]
) -> ModernBertConfig:
    """Few different tokens, and the mean of what was read: rare words are not learned by heart, long texts are learned."""
    named = dict(enumerate(labels))
    return ModernBertConfig(
        vocab_size=vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=CONTEXT_LENGTHS[Family.CLASSIFIER],
        cls_token_id=ids["bos_token_id"],
        sep_token_id=ids["eos_token_id"],
        classifier_pooling="mean",
        embedding_dropout=0.1,
        mlp_dropout=0.1,
        attention_dropout=0.1,
        classifier_dropout=0.1,
        **({"id2label": named, "label2id": {name: index for index, name in named.items()}} if labels else {}),
        **ids,
    )
