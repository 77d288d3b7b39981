"""Models fill in what is hidden or removed of held-out documents: encoders words, encoder-decoders stretches."""

import time
from collections.abc import Iterator, Sequence

import numpy as np

from workers.contracts.texts import Text
from workers.evaluation.metrics.masked import HIDDEN, HIDDEN_NATS, RIGHT
from workers.evaluation.rows import Answers, DataRow, DataRows, OnProgress, Outputs
from workers.models.draws import draw
from workers.models.generation import generate_greedy, score
from workers.models.loading import LoadedModel
from workers.models.masking import Passage, asked, between_edges, edges, fill, filled, mask, with_words
from workers.models.prompts import IGNORED, Example
from workers.models.spans import SPAN_LENGTH, corrupt, removed, restored, sentinels
from workers.runtime.reporter import JobError

_SHOWN_TOKENS = 64
"""Of each document's beginning: what the output shows."""
_BLOCKS_AT_ONCE = 256


def fill_documents(loaded: LoadedModel, rows: DataRows, on_progress: OnProgress) -> Answers:
    """Hide words in all blocks of every document, and count how many hidden tokens are filled in correctly.

    The outputs are the beginnings of the documents with the words that the model filled in.
    """
    size = len(rows)
    numbers = {name: np.zeros(size) for name in (RIGHT, HIDDEN, HIDDEN_NATS)}
    texts, seconds = [""] * size, [0.0] * size
    waiting: list[tuple[int, Example, bool]] = []

    def answer() -> None:
        begun = time.perf_counter()
        for place, tokens, nats in fill(loaded, [example for _, example, _ in waiting]):
            owner, example, is_shown = waiting[place]
            if is_shown:
                ids = filled(example, tokens)
                texts[owner] = loaded.tokenizer.decode(ids, skip_special_tokens=True)
                continue
            right = [label for label in example.label_ids if label != IGNORED]
            numbers[RIGHT][owner] += sum(a == b for a, b in zip(right, tokens, strict=True))
            numbers[HIDDEN][owner] += len(right)
            numbers[HIDDEN_NATS][owner] += sum(nats)
        each = (time.perf_counter() - begun) / max(1, len(waiting))
        for owner, _, _ in waiting:
            seconds[owner] += each
        waiting.clear()

    for number, row in enumerate(rows):
        shown = asked(loaded.tokenizer, row.target, _SHOWN_TOKENS, row.row_id)
        waiting.append((number, shown, True))
        waiting += [(number, example, False) for example in _questions(loaded, row)]
        if len(waiting) >= _BLOCKS_AT_ONCE:
            answer()
            on_progress(number + 1, size)
    answer()
    on_progress(size, size)
    return Answers(Outputs(texts, seconds, ["stop"] * size, {}), numbers=numbers)


def restore_documents(loaded: LoadedModel, rows: DataRows, on_progress: OnProgress) -> Answers:
    """Remove stretches in all blocks of every document, and say how likely an encoder-decoder finds the right ones.

    The outputs are the beginnings of the documents with the stretches that the model wrote. Raises JobError (no_sentinels).
    """
    tokenizer, marks = loaded.tokenizer, sentinels(loaded.tokenizer)
    if not marks:
        raise JobError("no_sentinels", Text("training.no_sentinels"), field="base")
    size = len(rows)
    numbers = {name: np.zeros(size) for name in (HIDDEN, HIDDEN_NATS)}
    texts, seconds = [""] * size, [0.0] * size
    for number, row in enumerate(rows):
        begun = time.perf_counter()
        shown = removed(tokenizer, row.target, _SHOWN_TOKENS, row.row_id)
        [answer] = generate_greedy(loaded, [shown.input_ids], max_new_tokens=_SHOWN_TOKENS // 2)
        ids = restored(shown.input_ids, answer.token_ids, marks)
        texts[number] = tokenizer.decode(ids, skip_special_tokens=True)
        examples = list(_corrupted(loaded, row, marks))
        scored = score(loaded, [(example.input_ids, example.label_ids) for example in examples])
        numbers[HIDDEN][number] = sum(map(len, scored))
        numbers[HIDDEN_NATS][number] = -sum(map(sum, scored))
        seconds[number] = time.perf_counter() - begun
        on_progress(number + 1, size)
    return Answers(Outputs(texts, seconds, ["stop"] * size, {}), numbers=numbers)


def _corrupted(loaded: LoadedModel, row: DataRow, marks: Sequence[int]) -> Iterator[Example]:
    """The blocks of a document, of each of which stretches are removed that the row and the place of the block choose."""
    tokenizer = loaded.tokenizer
    [whole] = with_words(tokenizer, [row.target])
    size = max(1, _block_length(loaded) - 1)
    for begin in range(0, len(whole.input_ids), size):
        source = draw(row.row_id, begin)
        ids = whole.input_ids[begin : begin + size]
        yield corrupt(ids, marks, tokenizer.eos_token_id, source, span_length=SPAN_LENGTH)


def _block_length(loaded: LoadedModel) -> int:
    """Tokens that the model reads at once; no more than it has learned from, where that is known."""
    context = loaded.manifest.context_length
    return min(context, loaded.manifest.learned_length or context)


def _questions(loaded: LoadedModel, row: DataRow) -> Iterator[Example]:
    """The blocks of a document, in each of which words are hidden that the row and the place of the block choose."""
    before, after = edges(loaded.tokenizer)
    size = max(1, _block_length(loaded) - len(before) - len(after))
    [whole] = with_words(loaded.tokenizer, [row.target])
    for begin in range(0, len(whole.input_ids), size):
        part = slice(begin, begin + size)
        block = between_edges(Passage(whole.input_ids[part], [], False, whole.words[part]), loaded.tokenizer)
        source = draw(row.row_id, begin)
        yield mask(block, loaded.tokenizer, source, whole_words=True, always=True)
