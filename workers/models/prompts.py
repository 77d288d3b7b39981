"""The one place that turns messages into token ids: trainer, evaluator and engine all call it.

What a model is served must be, id for id, what it was trained on. So prompts and answers are tokenized in separate
pieces, split where the model begins to speak, in training exactly as in serving.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from transformers import PreTrainedTokenizerBase

from workers.contracts.families import Family
from workers.contracts.model_folder import ModelManifest, PromptMessage
from workers.models.templates import split_chats

IGNORED = -100
"""Label of a token that is not learned; torch's cross entropy skips it."""

STARTER_CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""Of starters, whose tokenizers know these markers as single tokens."""

PLAIN_CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ message.role | capitalize }}: {{ message.content }}"
    "{% if message.role == 'assistant' %}{{ eos_token }}{% else %}{{ '\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""For pretrained causal models that come without a template: no new token is needed."""

Piece = tuple[str, bool]
"""Text, and whether the model learns to say it."""


class PromptTooLong(ValueError):
    """`tokens` are more than `limit`, the longest prompt that this model reads."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(
            f"The text is too long for this model: {tokens} tokens, and it reads at most {limit}."
        )
        self.tokens = tokens
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Example:
    """One row as token ids.

    Causal: `label_ids` has the length of `input_ids`, IGNORED where nothing is learned. Sequence-to-sequence:
    `label_ids` are the answer's ids. Classifier: `label_ids` holds the label's index alone.
    Encoder: `label_ids` holds the tokens that are hidden, IGNORED elsewhere.
    `cut` says that the row was longer than allowed.
    """

    input_ids: Sequence[int]
    label_ids: Sequence[int]
    cut: bool = False

    @property
    def input_length(self) -> int:
        """Tokens of the input. What the whole row costs a model depends on its objective (`Objective.tokens`)."""
        return len(self.input_ids)

    @property
    def longest_sequence(self) -> int:
        """Tokens of the longest sequence that the model reads at once: what its context has to hold."""
        return len(self.input_ids)


@lru_cache(maxsize=16)
def _control_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """Also those that have no name of their own, as the marks around roles in many templates."""
    unnamed = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
    return tuple(dict.fromkeys([*tokenizer.all_special_tokens, *unnamed]))


def neutralized(text: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """Break up control tokens that a text spells out, so that no user text can pose as another role."""
    for token in _control_tokens(tokenizer):
        if len(token) > 1 and token in text:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def _split_chats(
    tokenizer: PreTrainedTokenizerBase, conversations: Sequence[Sequence[PromptMessage]]
) -> list[list[Piece]]:
    """Pieces of each conversation, one per assistant turn and one per stretch between them."""
    neutral = [
        [{"role": m.role, "content": neutralized(m.content, tokenizer)} for m in messages]
        for messages in conversations
    ]
    split = split_chats(tokenizer.get_chat_template(), neutral, **tokenizer.special_tokens_map)
    return [
        [_piece(tokenizer, messages, text, index) for text, index in pieces]
        for messages, pieces in zip(conversations, split, strict=True)
    ]


def _piece(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[PromptMessage], text: str, index: int | None
) -> Piece:
    if index is None:
        return text, False
    is_last = index == len(messages) - 1
    return _ended(tokenizer, text) if is_last else text, messages[index].learned


def _ended(tokenizer: PreTrainedTokenizerBase, said: str) -> str:
    """With an end, where the template gives none: without one an answer would never stop."""
    has_end = any(token in said for token in _control_tokens(tokenizer))
    return said if has_end else said + (tokenizer.eos_token or "")


def end_of_turn(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The control token with which the chat template ends what the assistant says. Pretrained models that only
    continue text often name another one as their end, and would go on talking after this one."""
    content = "Yes"
    question = [PromptMessage(role="user", content=content), PromptMessage(role="assistant", content=content)]
    [pieces] = _split_chats(tokenizer, [question])
    after = pieces[-1][0].rpartition(content)[2]
    [ids] = _plain_ids(tokenizer, [after])
    controls = set(tokenizer.convert_tokens_to_ids(list(_control_tokens(tokenizer))))
    return next((token for token in ids if token in controls), None)


def _joined(tokenizer: PreTrainedTokenizerBase, messages: Sequence[PromptMessage]) -> str:
    return neutralized("\n\n".join(message.content for message in messages), tokenizer)


def _causal_pieces(
    tokenizer: PreTrainedTokenizerBase,
    manifest: ModelManifest,
    rows: Sequence[tuple[Sequence[PromptMessage], str | None]],
) -> list[list[Piece]]:
    """Pieces of each (messages, target) row, all conversations rendered together."""
    chats = [] if manifest.task.continues else [_whole(*row) for row in rows if row[0]]
    split = iter(_split_chats(tokenizer, chats) if chats else [])
    return [
        next(split)
        if messages and not manifest.task.continues
        else _continuation(tokenizer, messages, target)
        for messages, target in rows
    ]


def _whole(messages: Sequence[PromptMessage], target: str | None) -> list[PromptMessage]:
    """The conversation with its answer, if there is one."""
    answer = [] if target is None else [PromptMessage(role="assistant", content=target)]
    return [*messages, *answer]


def _continuation(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[PromptMessage], target: str | None
) -> list[Piece]:
    start = tokenizer.bos_token or tokenizer.eos_token
    pieces = [(start + _joined(tokenizer, messages), False)]
    if target is not None:
        pieces.append((neutralized(target, tokenizer) + tokenizer.eos_token, True))
    return pieces


def learned_pieces(
    tokenizer: PreTrainedTokenizerBase,
    manifest: ModelManifest,
    messages: Sequence[PromptMessage],
    target: str,
) -> list[Piece]:
    """A row as the model sees it, in words: what preflight shows."""
    if manifest.family is Family.CAUSAL:
        [pieces] = _causal_pieces(tokenizer, manifest, [(messages, target)])
        return pieces
    return [(_joined(tokenizer, messages), False), (target, True)]


def decoded_pieces(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[tuple[int, bool]]) -> list[Piece]:
    """Tokens and whether each is learned, in words: a piece for each stretch of either kind."""
    ids: list[int] = []
    pieces: list[Piece] = []
    shown = 0
    for learned, group in groupby(tokens, key=lambda token: token[1]):
        ids += [token for token, _ in group]
        # A piece alone would lose the space before it.
        text = tokenizer.decode(ids, skip_special_tokens=True)
        pieces.append((text[shown:], learned))
        shown = len(text)
    return [piece for piece in pieces if piece[0]]


def _plain_ids(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> list[list[int]]:
    return tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []


def prompt_limit(manifest: ModelManifest) -> int:
    """Longest prompt in tokens; a causal model needs room for at least one token of answer."""
    return manifest.context_length - (1 if manifest.family is Family.CAUSAL else 0)


def encode_prompt(
    tokenizer: PreTrainedTokenizerBase,
    manifest: ModelManifest,
    messages: Sequence[PromptMessage],
    *,
    limit: int | None = None,
    cut: bool = False,
) -> list[int]:
    """Token ids of a prompt, up to the point where the model begins to speak.

    A prompt over `limit` (None: what the model can read) raises PromptTooLong, or is cut when `cut` is set: a causal
    prompt keeps its end, the others their beginning.
    """
    limit = prompt_limit(manifest) if limit is None else limit
    if manifest.family is Family.CAUSAL:
        [pieces] = _causal_pieces(tokenizer, manifest, [(messages, None)])
        ids = [token for part in _plain_ids(tokenizer, [text for text, _ in pieces]) for token in part]
        shortened = ids[-limit:]
    else:
        text = _joined(tokenizer, messages)
        ids = tokenizer(text, verbose=False)["input_ids"] or [_any_token(tokenizer)]
        shortened = (
            ids if len(ids) <= limit else tokenizer(text, truncation=True, max_length=limit)["input_ids"]
        )
    if len(ids) > limit and not cut:
        raise PromptTooLong(len(ids), limit)
    return list(shortened)


def encode_text(
    tokenizer: PreTrainedTokenizerBase, manifest: ModelManifest, text: str, *, limit: int | None = None
) -> list[int]:
    """Token ids of raw text, for a causal model to continue: no chat template around it, control tokens in it are control
    tokens. It begins as the tokenizer begins any text, or as in training where the model learned to continue texts.

    Raises PromptTooLong.
    """
    limit = prompt_limit(manifest) if limit is None else limit
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if manifest.task.continues:
        ids = [start, *_plain_ids(tokenizer, [text])[0]]
    else:
        ids = tokenizer(text, verbose=False)["input_ids"] or [start]
    if len(ids) > limit:
        raise PromptTooLong(len(ids), limit)
    return list(ids)


def _any_token(tokenizer: PreTrainedTokenizerBase) -> int:
    """What stands for an empty text where a tokenizer adds nothing: a model cannot read no token at all."""
    named = (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id)
    return next((token for token in named if token is not None), 0)


def encode_examples(
    tokenizer: PreTrainedTokenizerBase,
    manifest: ModelManifest,
    rows: Sequence[tuple[Sequence[PromptMessage], str]],
    *,
    max_length: int | None = None,
    max_target_length: int | None = None,
) -> list[Example]:
    """Token ids and labels of (messages, target) rows, for training and for scoring.

    Rows longer than `max_length` tokens (answers: `max_target_length`, sequence-to-sequence only) lose their end.
    Raises KeyError when a target is not among a classifier's labels.
    """
    if manifest.family is Family.CAUSAL:
        return _causal_examples(tokenizer, manifest, rows, max_length)
    if not rows:
        return []
    texts = [_joined(tokenizer, messages) for messages, _ in rows]
    inputs, cut_inputs = _bounded(tokenizer, texts, max_length)
    if manifest.family.has_labels:
        index = {label: number for number, label in enumerate(manifest.labels)}
        labels = [[index[target]] for _, target in rows]
        return [Example(*parts) for parts in zip(inputs, labels, cut_inputs, strict=True)]
    targets, cut_targets = _bounded(
        tokenizer, [neutralized(target, tokenizer) for _, target in rows], max_target_length, target=True
    )
    return [
        Example(source, answer, cut_source or cut_answer)
        for source, answer, cut_source, cut_answer in zip(
            inputs, targets, cut_inputs, cut_targets, strict=True
        )
    ]


def _bounded(
    tokenizer: PreTrainedTokenizerBase, texts: list[str], limit: int | None, *, target: bool = False
) -> tuple[list[list[int]], list[bool]]:
    """Ids with the model's own special tokens, at most `limit` each, and which of them were cut."""
    named = {"text_target" if target else "text": texts}
    ids = tokenizer(**named, verbose=False)["input_ids"]
    cut = [limit is not None and len(one) > limit for one in ids]
    if any(cut):
        ids = tokenizer(**named, truncation=True, max_length=limit, verbose=False)["input_ids"]
    return ids, cut


def _causal_examples(
    tokenizer: PreTrainedTokenizerBase,
    manifest: ModelManifest,
    rows: Sequence[tuple[Sequence[PromptMessage], str]],
    max_length: int | None,
) -> list[Example]:
    pieces = _causal_pieces(tokenizer, manifest, rows)
    encoded = iter(_plain_ids(tokenizer, [text for row in pieces for text, _ in row]))
    examples = []
    for row in pieces:
        input_ids: list[int] = []
        label_ids: list[int] = []
        for _, learned in row:
            ids = next(encoded)
            input_ids += ids
            label_ids += ids if learned else [IGNORED] * len(ids)
        cut = max_length is not None and len(input_ids) > max_length
        examples.append(Example(input_ids[:max_length], label_ids[:max_length], cut))
    return examples
