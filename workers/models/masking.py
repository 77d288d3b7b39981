"""Masked language modeling: which tokens of a passage are hidden, and how a model fills them in.

Trainer, samples and evaluation draw masks here, each from a random source of its own.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from tokenizers import Encoding
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerBase

from workers.contracts.words import UNSPACED
from workers.models.draws import draw
from workers.models.generation import batches_by_length, logits_where, padded
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED, Example, neutralized

MASKED_SHARE = 0.15
"""Of the tokens of a passage (Devlin et al. 2019, "BERT", section 3.1)."""
_REPLACED, _RANDOM = 0.8, 0.1
"""Of the masked tokens, how many become the mask token and how many a random one; the others stay. The model cannot rely on the
mask token, which later tasks do not have (ibid., appendix A.1)."""
_BATCH_TOKENS = 8192
_NO_WORD = -1
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Passage(Example):
    """A text before anything of it is masked. `words` numbers the word of every token, -1 where it is a control token."""

    words: Sequence[int] = ()


@lru_cache(maxsize=16)
def edges(tokenizer: PreTrainedTokenizerBase) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the control tokens that a tokenizer sets before and after a text."""
    whole = tokenizer("a", verbose=False)["input_ids"]
    bare = tokenizer("a", add_special_tokens=False, verbose=False)["input_ids"]
    places = range(len(whole) - len(bare) + 1)
    begin = next((place for place in places if whole[place : place + len(bare)] == bare), 0)
    return tuple(whole[:begin]), tuple(whole[begin + len(bare) :])


def with_words(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Iterator[Passage]:
    """Yield texts as tokens with their words, without control tokens."""
    neutral = [neutralized(text, tokenizer) for text in texts]
    encoded = tokenizer(neutral, add_special_tokens=False, verbose=False)
    for number, (text, ids) in enumerate(zip(neutral, encoded["input_ids"], strict=True)):
        # Only fast tokenizers know words; for others each token is one.
        words = _words(text, encoded.encodings[number]) if encoded.encodings else range(len(ids))
        yield Passage(ids, [], False, words)


def _words(text: str, encoding: Encoding) -> list[int]:
    """Number the word of every token. To a tokenizer a Chinese clause is one word: here each of its tokens is."""
    known = [_NO_WORD if word is None else word for word in encoding.word_ids]
    if not _UNSPACED.search(text):
        return known
    words: list[int] = []
    number, before, end, was_space = 0, _NO_WORD, 0, False
    for word, (begin, stop) in zip(known, encoding.offsets, strict=True):
        # A rare character has several tokens, all with its place.
        is_new = begin >= end and (_UNSPACED.match(text, begin) or _UNSPACED.match(text, end - 1))
        number += word != before or bool(is_new and not was_space)
        words.append(_NO_WORD if word == _NO_WORD else number)
        before, end, was_space = word, stop, text[begin:stop].isspace()
    return words


def between_edges(passage: Passage, tokenizer: PreTrainedTokenizerBase) -> Passage:
    """Return the passage with the control tokens that the model expects around a text."""
    before, after = edges(tokenizer)
    words = [*[_NO_WORD] * len(before), *passage.words, *[_NO_WORD] * len(after)]
    return Passage([*before, *passage.input_ids, *after], [], passage.cut, words)


def mask(
    passage: Passage,
    tokenizer: PreTrainedTokenizerBase,
    source: random.Random,
    *,
    whole_words: bool = False,
    always: bool = False,
) -> Example:
    """Hide some tokens. `label_ids` holds the hidden ones, IGNORED at all other places.

    With `whole_words` all tokens of a word are hidden together (Cui et al. 2021, "Pre-Training with Whole Word Masking for
    Chinese BERT", section 3.1). With `always` each becomes the mask token, as when a model is asked rather than trained.
    """
    groups = _groups(passage.words) if whole_words else [[n] for n, w in enumerate(passage.words) if w >= 0]
    most = round(MASKED_SHARE * sum(map(len, groups))) or 1
    source.shuffle(groups)
    ids, labels = list(passage.input_ids), [IGNORED] * len(passage.input_ids)
    hidden = 0
    for group in groups:
        if hidden >= most:
            break
        hidden += len(group)
        for place in group:
            labels[place] = ids[place]
            ids[place] = _shown(ids[place], tokenizer, source, always=always)
    return Example(ids, labels, passage.cut)


def _groups(words: Sequence[int]) -> list[list[int]]:
    """Places of the tokens of each word. Equal numbers that do not stand together are different words."""
    groups: list[list[int]] = []
    before = _NO_WORD
    for place, word in enumerate(words):
        if word >= 0 and word == before:
            groups[-1].append(place)
        elif word >= 0:
            groups.append([place])
        before = word
    return groups


def _shown(token: int, tokenizer: PreTrainedTokenizerBase, source: random.Random, *, always: bool) -> int:
    chance = 0.0 if always else source.random()
    if chance < _REPLACED:
        return int(tokenizer.mask_token_id)
    if chance < _REPLACED + _RANDOM:
        ordinary = _ordinary_tokens(tokenizer)
        return ordinary[source.randrange(len(ordinary))]
    return token


@lru_cache(maxsize=16)
def _ordinary_tokens(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    special = set(tokenizer.all_special_ids)
    return [token for token in range(len(tokenizer)) if token not in special]


def asked(tokenizer: PreTrainedTokenizerBase, text: str, most: int, seed: str) -> Example:
    """Return the beginning of a text, at most `most` tokens, with mask tokens in place of words that `seed` chooses."""
    [whole] = with_words(tokenizer, [text])
    begun = Passage(whole.input_ids[:most], [], len(whole.input_ids) > most, whole.words[:most])
    source = draw(seed)
    return mask(between_edges(begun, tokenizer), tokenizer, source, whole_words=True, always=True)


@torch.inference_mode()
def fill(loaded: LoadedModel, examples: Sequence[Example]) -> Iterator[tuple[int, list[int], list[float]]]:
    """Yield, for every example by its number, the most likely token at each hidden place, and the nats of the right one.

    Examples of similar length are read together, so they do not come in their order.
    """
    for batch in batches_by_length([example.input_length for example in examples], _BATCH_TOKENS):
        chosen = [examples[number] for number in batch]
        logits, hidden = hidden_logits(loaded, chosen)
        nats = cross_entropy(logits, hidden, reduction="none")
        best = logits.argmax(-1)
        sizes = [sum(label != IGNORED for label in example.label_ids) for example in chosen]
        parts = zip(batch, best.split(sizes), nats.split(sizes), strict=True)
        for number, tokens, values in parts:
            yield number, tokens.tolist(), values.tolist()


def hidden_logits(loaded: LoadedModel, examples: Iterable[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits (hidden places, vocabulary) in fp32, row after row, and the tokens that are hidden there."""
    rows = list(examples)
    ids, attended = padded([row.input_ids for row in rows], loaded.tokenizer.pad_token_id, loaded.device)
    labels, _ = padded([row.label_ids for row in rows], IGNORED, loaded.device)
    hidden = labels != IGNORED
    logits = logits_where(loaded.model, hidden, input_ids=ids, attention_mask=attended)
    return logits.float(), labels[hidden]


def hides_any(example: Example) -> bool:
    """Whether anything of a text is hidden: of an empty one nothing can be."""
    return any(label != IGNORED for label in example.label_ids)


def filled(example: Example, tokens: Sequence[int]) -> list[int]:
    """Return the ids of an example with `tokens` at its hidden places."""
    left = iter(tokens)
    return [
        token if label == IGNORED else next(left)
        for token, label in zip(example.input_ids, example.label_ids, strict=True)
    ]
