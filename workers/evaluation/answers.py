"""A model's answers to held-out rows, and how likely it finds the references.

Work is cut into batches by tokens. One that does not fit into memory is halved, with all that are left, so that an
evaluation never needs more memory than one row does.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import torch

from workers.contracts.families import Family
from workers.contracts.texts import Text
from workers.evaluation.metrics.likelihood import BYTES, NATS, TOKENS
from workers.evaluation.metrics.protocol import FloatArray
from workers.evaluation.rows import Answers, DataRows, OnProgress, Outputs
from workers.models.generation import batches_by_length, classify, generate_greedy
from workers.models.generation import score as score_tokens
from workers.models.loading import LoadedModel
from workers.models.memory import is_out_of_memory
from workers.models.prompts import IGNORED, PromptTooLong, encode_examples, encode_prompt, prompt_limit
from workers.models.windows import scored_windows
from workers.runtime.reporter import JobError

_BATCH_TOKENS = 8192
_LOGITS_BYTES = 512 << 20
"""Largest table of fp32 logits (tokens x vocabulary) that scoring makes."""
_LENGTHS_SAMPLE = 2000
_MOST_NEW_TOKENS = 1024
_WHOLE_BATCH = 1 << 40


def longest_answer(loaded: LoadedModel, train: DataRows, seed: int) -> int:
    """Return how many tokens an answer may take: 1.5 times the 99th percentile of the training answers plus 16.

    An untrained model hardly ever ends by itself; this bound is what keeps its evaluation short. It stays within
    half the context of a causal model, within the positions of a decoder, and within 1,024.
    """
    texts = train.sample(_LENGTHS_SAMPLE, seed).targets
    lengths = [
        len(ids) for ids in loaded.tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    ]
    bound = min(int(1.5 * np.quantile(lengths, 0.99)) + 16, _MOST_NEW_TOKENS)
    causal = loaded.family is Family.CAUSAL
    return min(bound, loaded.manifest.context_length // 2 if causal else _decoder_positions(loaded))


def generate_answers(
    loaded: LoadedModel, rows: DataRows, max_new_tokens: int, on_progress: OnProgress
) -> Answers:
    """Answer every row greedily. A prompt that leaves no room for the answer is cut as in training."""
    limit = prompt_limit(loaded.manifest)
    if loaded.family is Family.CAUSAL:
        limit = max(limit - max_new_tokens, limit // 2)
    prompts, cut = _encode_prompts(loaded, rows, limit)
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
            [prompts[i] for i in batch],
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

    lengths = [len(prompt) + max_new_tokens for prompt in prompts]
    _in_batches(lengths, _BATCH_TOKENS, answer, loaded.device)
    outputs = Outputs(texts, seconds, reasons, {})
    return Answers(outputs, cut, reasons.count("length"), max_new_tokens, tokens)


def classify_rows(loaded: LoadedModel, rows: DataRows, on_progress: OnProgress) -> Answers:
    """Give every row the most probable label."""
    prompts, cut = _encode_prompts(loaded, rows, prompt_limit(loaded.manifest))
    texts, seconds = [""] * len(rows), [0.0] * len(rows)
    done = 0

    def label(batch: list[int]) -> None:
        nonlocal done
        begun = time.perf_counter()
        probabilities = classify(loaded, [prompts[i] for i in batch], batch_tokens=_WHOLE_BATCH)
        each = (time.perf_counter() - begun) / len(batch)
        for index, values in zip(batch, probabilities, strict=True):
            texts[index], seconds[index] = loaded.manifest.labels[int(np.argmax(values))], each
        done += len(batch)
        on_progress(done, len(rows))

    _in_batches([len(prompt) for prompt in prompts], _BATCH_TOKENS, label, loaded.device)
    return Answers(Outputs(texts, seconds, ["stop"] * len(rows), {}), cut)


def _encode_prompts(loaded: LoadedModel, rows: DataRows, limit: int) -> tuple[list[list[int]], int]:
    """Return token ids and how many prompts were cut to `limit` tokens."""
    prompts, cut = [], 0
    for messages in rows.prompts:
        try:
            ids = encode_prompt(loaded.tokenizer, loaded.manifest, messages, limit=limit)
        except PromptTooLong:
            ids = encode_prompt(loaded.tokenizer, loaded.manifest, messages, limit=limit, cut=True)
            cut += 1
        prompts.append(ids)
    return prompts, cut


def score_references(
    loaded: LoadedModel, rows: DataRows, on_progress: OnProgress
) -> tuple[dict[str, FloatArray], int]:
    """Return nats, tokens and UTF-8 bytes of every reference, each [n], and how many references were cut.

    The token that ends an answer counts in nats and tokens. A causal model reads what is longer than its context in
    windows; what an encoder-decoder has no positions for is left out of all three.
    """
    pairs, owners, sizes, cut = _encode_references(loaded, rows)
    nats, tokens = np.zeros(len(rows)), np.zeros(len(rows))
    done = 0

    def add(batch: list[int]) -> None:
        nonlocal done
        values = score_tokens(loaded, [pairs[i] for i in batch], batch_tokens=_WHOLE_BATCH)
        for index, row in zip(batch, values, strict=True):
            nats[owners[index]] -= sum(row)
            tokens[owners[index]] += len(row)
        done += len(batch)
        on_progress(done * len(rows) / len(pairs), len(rows))

    vocabulary = loaded.model.get_output_embeddings().weight.shape[0]
    limit = min(_BATCH_TOKENS, _LOGITS_BYTES // (4 * vocabulary))
    _in_batches([len(prompt) + len(answer) for prompt, answer in pairs], limit, add, loaded.device)
    return {NATS: nats, TOKENS: tokens, BYTES: np.array(sizes, dtype=float)}, cut


Pair = tuple[Sequence[int], Sequence[int]]


def _encode_references(loaded: LoadedModel, rows: DataRows) -> tuple[list[Pair], list[int], list[int], int]:
    """Return (read ids, scored ids) pairs, the row of each, bytes of each reference, and how many references were cut."""
    data = list(zip(rows.prompts, rows.targets, strict=True))
    manifest, causal = loaded.manifest, loaded.family is Family.CAUSAL
    context = manifest.context_length
    examples = encode_examples(loaded.tokenizer, manifest, data, max_length=None if causal else context)
    most = _decoder_positions(loaded)
    pairs: list[Pair] = []
    owners, sizes, cut = [], [], 0
    for number, (example, target) in enumerate(zip(examples, rows.targets, strict=True)):
        size = len(target.encode())
        if causal:
            begin = _answer_start(example.label_ids)
            found: list[Pair] = list(
                scored_windows(example.input_ids[:begin], example.label_ids[begin:], context)
            )
        else:
            answer = example.label_ids
            if len(answer) > most:
                answer = answer[:most]
                size = len(loaded.tokenizer.decode(answer).encode())
                cut += 1
            found = [(example.input_ids[-context:], answer)]
        pairs += found
        owners += [number] * len(found)
        sizes.append(size)
    return pairs, owners, sizes, cut


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
    lengths: Sequence[int], batch_tokens: int, compute: Callable[[list[int]], None], device: torch.device
) -> None:
    """Call `compute` with the indices of rows of similar length; after running out of memory go on with halves.

    Raises JobError (out_of_memory) when a single row does not fit.
    """
    waiting = deque(batches_by_length(lengths, batch_tokens))
    while waiting:
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
                    Text("evaluation.row_exceeds_memory", tokens=max(lengths)),
                ) from error
        # Outside of the handler, whose traceback keeps the failed batch's tensors alive.
        waiting = deque(half for batch in waiting for half in _halves(batch))
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()


def _halves(batch: list[int]) -> list[list[int]]:
    middle = (len(batch) + 1) // 2
    return [half for half in (batch[:middle], batch[middle:]) if half]
