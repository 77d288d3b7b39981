"""A model's answers to held-out rows, and how likely it finds the references.

What the model reads is encoded into a file, which is mapped: of these token ids the process holds those of one batch.
Work is cut into batches by tokens. One that does not fit into memory is halved, with all that are left, so that an
evaluation never needs more memory than one row does.
"""

import gc
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage
from workers.contracts.texts import Text
from workers.evaluation.metrics.calibration import CONFIDENCE
from workers.evaluation.metrics.likelihood import BYTES, NATS, TOKENS
from workers.evaluation.metrics.protocol import FloatArray
from workers.evaluation.rows import Answers, DataRows, OnProgress, Outputs, parts
from workers.models.examples import store
from workers.models.generation import batches_by_length, classify, generate_greedy
from workers.models.generation import score as score_tokens
from workers.models.loading import LoadedModel
from workers.models.memory import is_out_of_memory
from workers.models.prompts import (
    IGNORED,
    Example,
    PromptTooLong,
    encode_examples,
    encode_prompt,
    prompt_limit,
)
from workers.models.windows import beginning_and_rest, scored_windows
from workers.runtime.reporter import JobError

_BATCH_TOKENS = 8192
_LOGITS_BYTES = 512 << 20
"""Largest table of fp32 logits (tokens x vocabulary) that scoring makes."""
_LENGTHS_SAMPLE = 2000
_MOST_NEW_TOKENS = 1024
_CONTINUED_TOKENS = 48
"""Of each document: enough to see how a model writes, next to what its likelihood says."""
_WHOLE_BATCH = 1 << 40


def longest_answer(loaded: LoadedModel, train: DataRows, seed: int) -> int:
    """Return how many tokens an answer may take: 1.5 times the 99th percentile of the training answers plus 16.

    An untrained model hardly ever ends by itself; this bound is what keeps its evaluation short. It stays within
    half the context of a causal model, within the positions of a decoder, and within 1,024.
    """
    texts = list(train.sample(_LENGTHS_SAMPLE, seed).targets)
    lengths = [
        len(ids) for ids in loaded.tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    ]
    bound = min(int(1.5 * np.quantile(lengths, 0.99)) + 16, _MOST_NEW_TOKENS)
    causal = loaded.family is Family.CAUSAL
    return min(bound, loaded.manifest.context_length // 2 if causal else _decoder_positions(loaded))


def continue_documents(loaded: LoadedModel, rows: DataRows, work: Path, on_progress: OnProgress) -> Answers:
    """Go on from the beginning of every document, greedily, for some tokens. The outputs begin with what was given."""
    given = [beginning_and_rest(target)[0] for target in rows.targets]
    prompts = [[PromptMessage(role="user", content=text)] if text else [] for text in given]
    answers = generate_answers(loaded, rows, _CONTINUED_TOKENS, work, on_progress, prompts=prompts)
    texts = [begin + text for begin, text in zip(given, answers.outputs.texts, strict=True)]
    answers.outputs = replace(answers.outputs, texts=texts)
    answers.cut_outputs = 0  # a document is not meant to end here
    return answers


def generate_answers(
    loaded: LoadedModel,
    rows: DataRows,
    max_new_tokens: int,
    work: Path,
    on_progress: OnProgress,
    *,
    prompts: Iterable[list[PromptMessage]] | None = None,
) -> Answers:
    """Answer every row greedily, or the `prompts` that are given in place of theirs. A prompt that leaves no room for the answer
    is cut as in training. `work` is a folder for encoded rows."""
    limit = prompt_limit(loaded.manifest)
    if loaded.family is Family.CAUSAL:
        limit = max(limit - max_new_tokens, limit // 2)
    encoded = _encode_prompts(loaded, rows.prompts if prompts is None else prompts, limit, work)
    texts, seconds, reasons = [""] * len(rows), [0.0] * len(rows), [""] * len(rows)
    tokens = done = 0

    def answer(batch: list[int]) -> None:
        nonlocal tokens, done
        ticks = 0

        def tick(*_: int) -> None:
            nonlocal ticks
            ticks += 1
            on_progress(done + len(batch) * min(0.99, ticks / max_new_tokens), len(rows))

        begun = time.perf_counter()
        found = generate_greedy(
            loaded,
            encoded.read(batch),
            max_new_tokens=max_new_tokens,
            batch_tokens=_WHOLE_BATCH,
            on_progress=tick,
        )
        each = (time.perf_counter() - begun) / len(batch)
        for index, generated in zip(batch, found, strict=True):
            texts[index], seconds[index], reasons[index] = generated.text, each, generated.finish_reason
            tokens += len(generated.token_ids)
        done += len(batch)
        on_progress(done, len(rows))

    _in_batches(encoded.lengths + max_new_tokens, _BATCH_TOKENS, answer, loaded.device)
    outputs = Outputs(texts, seconds, reasons, {})
    return Answers(outputs, encoded.cut, reasons.count("length"), max_new_tokens, tokens)


def classify_rows(loaded: LoadedModel, rows: DataRows, work: Path, on_progress: OnProgress) -> Answers:
    """Give every row the most probable label. `work` is a folder for encoded rows."""
    prompts = _encode_prompts(loaded, rows.prompts, prompt_limit(loaded.manifest), work)
    texts, seconds, confidence = [""] * len(rows), [0.0] * len(rows), np.zeros(len(rows))
    done = 0

    def label(batch: list[int]) -> None:
        nonlocal done
        begun = time.perf_counter()
        probabilities = classify(loaded, prompts.read(batch), batch_tokens=_WHOLE_BATCH)
        each = (time.perf_counter() - begun) / len(batch)
        for index, values in zip(batch, probabilities, strict=True):
            texts[index], seconds[index] = loaded.manifest.labels[int(np.argmax(values))], each
            confidence[index] = max(values)
        done += len(batch)
        on_progress(done, len(rows))

    _in_batches(prompts.lengths, _BATCH_TOKENS, label, loaded.device)
    outputs = Outputs(texts, seconds, ["stop"] * len(rows), {})
    return Answers(outputs, prompts.cut, numbers={CONFIDENCE: confidence})


class _Encoded:
    """Encoded rows in a file, their lengths in tokens, and how many of them were cut."""

    def __init__(self, examples: Iterable[Example], path: Path) -> None:
        self._lengths, self.cut = array("l"), 0
        self.examples = store(self._counted(examples), path, Example)
        self.lengths = np.array(self._lengths, dtype=np.int64)

    def _counted(self, examples: Iterable[Example]) -> Iterator[Example]:
        for example in examples:
            self._lengths.append(len(example.input_ids) + len(example.label_ids))
            self.cut += example.cut
            yield example

    def read(self, places: Sequence[int]) -> list[Sequence[int]]:
        """Return what the model reads of some rows."""
        return [self.examples[place].input_ids for place in places]


def _encode_prompts(
    loaded: LoadedModel, prompts: Iterable[list[PromptMessage]], limit: int, work: Path
) -> _Encoded:
    def encoded() -> Iterator[Example]:
        for messages in prompts:
            try:
                ids, cut = encode_prompt(loaded.tokenizer, loaded.manifest, messages, limit=limit), False
            except PromptTooLong:
                ids = encode_prompt(loaded.tokenizer, loaded.manifest, messages, limit=limit, cut=True)
                cut = True
            yield Example(ids, [], cut)

    return _Encoded(encoded(), work / "prompts.arrow")


def score_references(
    loaded: LoadedModel, rows: DataRows, work: Path, on_progress: OnProgress
) -> tuple[dict[str, FloatArray], int]:
    """Return nats, tokens and UTF-8 bytes of every reference, each [n], and how many references were cut.

    The token that ends an answer counts in nats and tokens. A causal model reads what is longer than its context in
    windows; what an encoder-decoder has no positions for is left out of all three. `work` is a folder for encoded rows.
    """
    nats, tokens, sizes = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    owners = array("l")
    encoded = _Encoded(_scored_parts(loaded, rows, owners, sizes), work / "references.arrow")
    pairs = encoded.examples
    done = 0

    def add(batch: list[int]) -> None:
        nonlocal done
        chosen = [pairs[place] for place in batch]
        values = score_tokens(
            loaded, [(part.input_ids, part.label_ids) for part in chosen], batch_tokens=_WHOLE_BATCH
        )
        for place, found in zip(batch, values, strict=True):
            nats[owners[place]] -= sum(found)
            tokens[owners[place]] += len(found)
        done += len(batch)
        on_progress(done * len(rows) / len(pairs), len(rows))

    vocabulary = loaded.model.get_output_embeddings().weight.shape[0]
    limit = min(_BATCH_TOKENS, _LOGITS_BYTES // (4 * vocabulary))
    _in_batches(encoded.lengths, limit, add, loaded.device)
    return {NATS: nats, TOKENS: tokens, BYTES: sizes}, encoded.cut


def _scored_parts(
    loaded: LoadedModel, rows: DataRows, owners: "array[int]", sizes: FloatArray
) -> Iterator[Example]:
    """Yield what the model reads and, in place of labels, what is scored after it. A row can have several such parts: the row
    of each goes to `owners`. The bytes of each reference go to `sizes`.
    """
    manifest, causal = loaded.manifest, loaded.family is Family.CAUSAL
    context, most = manifest.context_length, _decoder_positions(loaded)
    if manifest.task.is_corpus:
        # Of documents every window is full: beyond what it learned from, a model reads badly.
        context = min(context, manifest.learned_length or context)
    for place, part in parts(rows):
        data = [(row.prompt, row.target) for row in part]
        examples = encode_examples(loaded.tokenizer, manifest, data, max_length=None if causal else context)
        for number, (example, row) in enumerate(zip(examples, part, strict=True), place):
            sizes[number] = len(row.target.encode())
            if causal:
                begin = _answer_start(example.label_ids)
                for read, scored in scored_windows(
                    example.input_ids[:begin], example.label_ids[begin:], context
                ):
                    owners.append(number)
                    yield Example(read, scored)
                continue
            answer = example.label_ids[:most]
            cut = len(answer) < len(example.label_ids)
            if cut:
                sizes[number] = len(loaded.tokenizer.decode(answer).encode())
            owners.append(number)
            yield Example(example.input_ids[-context:], answer, cut)


def _decoder_positions(loaded: LoadedModel) -> int:
    """Tokens of answer that an encoder-decoder has positions for; some (T5) count distances and know no end."""
    return getattr(loaded.model.config, "max_position_embeddings", None) or _WHOLE_BATCH


def _answer_start(label_ids: Sequence[int]) -> int:
    """Return where the last stretch of learned tokens begins: earlier turns of a conversation belong to the prompt."""
    begin = len(label_ids)
    while begin and label_ids[begin - 1] != IGNORED:
        begin -= 1
    return begin


def _in_batches(
    lengths: NDArray[np.int64], batch_tokens: int, compute: Callable[[list[int]], None], device: torch.device
) -> None:
    """Call `compute` with the indices of rows of similar length; after running out of memory go on with halves.

    Raises JobError (out_of_memory) when a single row does not fit.
    """
    batches = batches_by_length(lengths, batch_tokens)
    waiting: deque[list[int]] = deque()
    halvings = 0
    while True:
        if not waiting:
            batch = next(batches, None)
            if batch is None:
                return
            waiting = _halved([batch], halvings)
        try:
            compute(waiting[0])
            waiting.popleft()
            continue
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if len(waiting[0]) == 1:
                raise JobError(
                    "out_of_memory",
                    Text("evaluation.row_exceeds_memory", tokens=int(max(lengths))),
                ) from error
        # Outside of the handler, whose traceback keeps the failed batch's tensors alive.
        waiting, halvings = _halved(waiting, 1), halvings + 1
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()


def _halved(batches: Iterable[list[int]], times: int) -> deque[list[int]]:
    for _ in range(times):
        batches = [half for batch in batches for half in _halves(batch)]
    return deque(batches)


def _halves(batch: list[int]) -> list[list[int]]:
    middle = (len(batch) + 1) // 2
    return [half for half in (batch[:middle], batch[middle:]) if half]
