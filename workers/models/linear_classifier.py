"""A linear classifier that is trained and served like any other: TF-IDF of n-grams, and a weight for each n-gram and label.

Its folder is that of a transformers model: `model.safetensors` holds the weights and the inverse document frequencies,
`vocab.json` the n-grams. Its tokens are n-grams, whose order says nothing.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizer
from transformers.modeling_outputs import SequenceClassifierOutput

from workers.contracts.texts import Text
from workers.models.linear import MOST_FEATURES, word_vectorizer
from workers.models.writing import Writing, writing_of
from workers.runtime.reporter import JobError

PAD, BEGIN = "<|pad|>", "<|begin|>"
_MARKS = (PAD, BEGIN)
_VOCABULARY_NAME = "vocab.json"
_MOST_WEIGHTS, _FEWEST_FEATURES = 30_000_000, 2_000
"""Features times labels; with very many labels there are fewer features."""
_MOST_NGRAMS = 1_000_000
"""Of a folder: far more than a starter has."""


class LinearConfig(PretrainedConfig):
    """`vocab_size` counts the n-grams, and the two control tokens before them."""

    model_type = "maquette-linear"
    vocab_size: int = len(_MARKS)
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1


class LinearClassifier(PreTrainedModel):
    """Logits are `features @ weight + bias`. Features are (1 + ln count) times the inverse document frequency of each n-gram,
    and each row of them has length 1."""

    config_class = LinearConfig
    main_input_name = "input_ids"
    weight: nn.Parameter
    bias: nn.Parameter
    idf: torch.Tensor

    def __init__(self, config: LinearConfig) -> None:
        super().__init__(config)
        self.weight = nn.Parameter(torch.zeros(config.vocab_size, config.num_labels))
        self.bias = nn.Parameter(torch.zeros(config.num_labels))
        self.register_buffer("idf", torch.zeros(config.vocab_size))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Leave the zeros: without training, every label is equally likely."""

    def features(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return row, n-gram and value of each feature of `input_ids` [rows, tokens] that is not 0, sorted by row and n-gram."""
        size = self.config.vocab_size
        rows = torch.arange(input_ids.shape[0], device=input_ids.device)[:, None]
        places = (rows * size + input_ids).flatten()
        if attention_mask is not None:
            places = places[attention_mask.flatten().bool()]
        found, counts = torch.unique(places, return_counts=True)
        rows, ngrams = found // size, found % size
        values = (1 + counts.float().log()) * self.idf.float()[ngrams]
        squares = torch.zeros(input_ids.shape[0], device=values.device).index_add_(0, rows, values**2)
        return rows, ngrams, values / squares.sqrt().clamp_min(1e-12)[rows]

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> SequenceClassifierOutput:
        rows, ngrams, values = self.features(input_ids, attention_mask)
        logits = self.bias.float().repeat(input_ids.shape[0], 1)
        return SequenceClassifierOutput(
            logits=logits.index_add(0, rows, values[:, None] * self.weight[ngrams].float())
        )


class LinearTokenizer(PreTrainedTokenizer):
    """The n-grams of a text that the vocabulary has, after a control token: no text is without tokens."""

    vocab_files_names: ClassVar[dict[str, str]] = {"vocab_file": _VOCABULARY_NAME}
    model_input_names: ClassVar[list[str]] = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | None = None,
        *,
        writing: str = Writing.ASCII,
        ngrams: Sequence[str] = (),
        **options: Any,
    ) -> None:
        if vocab_file is not None:
            ngrams = _read_ngrams(Path(vocab_file))
        self._ngrams = list(ngrams)
        self._ids = {token: number for number, token in enumerate((*_MARKS, *self._ngrams))}
        self._analyze = word_vectorizer(Writing(writing)).build_analyzer()
        options = {"pad_token": PAD, "bos_token": BEGIN, **options}
        super().__init__(writing=str(writing), **options)

    @property
    def vocab_size(self) -> int:
        return len(self._ids)

    def get_vocab(self) -> dict[str, int]:
        return dict(self._ids)

    def build_inputs_with_special_tokens(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None
    ) -> list[int]:
        return [self._ids[BEGIN], *token_ids_0, *(token_ids_1 or [])]

    def _tokenize(self, text: str, **_: Any) -> list[str]:
        return [ngram for ngram in self._analyze(text) if ngram in self._ids]

    def _convert_token_to_id(self, token: str) -> int:
        return self._ids[token]

    def _convert_id_to_token(self, index: int) -> str:
        return (*_MARKS, *self._ngrams)[index] if index < len(_MARKS) else self._ngrams[index - len(_MARKS)]

    def save_vocabulary(self, save_directory: str, filename_prefix: str | None = None) -> tuple[str, ...]:
        path = Path(save_directory) / f"{filename_prefix or ''}{_VOCABULARY_NAME}"
        path.write_text(json.dumps(self._ngrams, ensure_ascii=False))
        return (str(path),)


def _read_ngrams(path: Path) -> list[str]:
    """Raises JobError (model_unreadable) for what is no list of different n-grams."""
    try:
        ngrams = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(error) from error
    is_list = isinstance(ngrams, list) and len(ngrams) <= _MOST_NGRAMS
    if not is_list or not all(isinstance(ngram, str) for ngram in ngrams) or len(set(ngrams)) < len(ngrams):
        raise _unreadable(f"{path.name}: no list of n-grams")
    return list(ngrams)


def create_linear(
    texts: Iterable[str], labels: Sequence[str], context_length: int
) -> tuple[LinearClassifier, LinearTokenizer]:
    """Return a classifier that knows the n-grams of `texts` and their inverse document frequencies, and nothing of labels."""
    known = list(texts)
    writing = writing_of(known)
    vectorizer = word_vectorizer(
        writing, min(MOST_FEATURES, max(_FEWEST_FEATURES, _MOST_WEIGHTS // max(1, len(labels))))
    )
    ngrams: list[str] = []
    frequencies = np.zeros(0, np.float32)
    try:
        vectorizer.fit(known)
    except ValueError:  # no text holds a word
        pass
    else:
        ngrams, frequencies = vectorizer.get_feature_names_out().tolist(), vectorizer.idf_
    named = dict(enumerate(labels))
    config = LinearConfig(
        vocab_size=len(_MARKS) + len(ngrams),
        id2label=named,
        label2id={label: number for number, label in named.items()},
    )
    model = LinearClassifier(config)
    model.idf[len(_MARKS) :] = torch.from_numpy(np.asarray(frequencies, np.float32))
    return model, LinearTokenizer(writing=writing, ngrams=ngrams, model_max_length=context_length)


def read_linear(folder: Path, dtype: torch.dtype) -> tuple[LinearClassifier, LinearTokenizer]:
    """Read a folder that has such a model. Raises JobError (model_unreadable) unless vocabulary, labels and all weights fit together;
    what transformers raises for other damage."""
    tokenizer = LinearTokenizer.from_pretrained(folder, local_files_only=True)
    model, info = LinearClassifier.from_pretrained(
        folder, use_safetensors=True, local_files_only=True, dtype=dtype, output_loading_info=True
    )
    if info["missing_keys"] or info["unexpected_keys"]:
        raise _unreadable(", ".join(sorted({*info["missing_keys"], *info["unexpected_keys"]})))
    if model.config.vocab_size != tokenizer.vocab_size:
        raise _unreadable(f"{model.config.vocab_size} != {tokenizer.vocab_size}")
    return model, tokenizer


def _unreadable(error: object) -> JobError:
    return JobError("model_unreadable", Text("models.not_opened", error=error), field="base")
