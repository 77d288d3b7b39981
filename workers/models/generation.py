"""Greedy decoding, scoring and classifying in batches: for samples, evaluation and parity records.

Rows are sorted by length, so that little is padded; results come back in the order that was asked.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, PreTrainedModel, StoppingCriteria, StoppingCriteriaList

from workers.contracts.families import Family
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED

OnProgress = Callable[[int, int], None]
"""Called with rows done and rows in all, at least once a batch and, while generating, about once a token."""


@dataclass(frozen=True, slots=True)
class Generated:
    """`token_ids` include the end token when the model said it; `finish_reason` is stop or length."""

    token_ids: list[int]
    text: str
    finish_reason: str


def end_token_ids(loaded: LoadedModel) -> list[int]:
    """Ids that end an answer."""
    stated = loaded.model.generation_config.eos_token_id
    found = stated if isinstance(stated, list) else [stated, loaded.tokenizer.eos_token_id]
    return sorted({token for token in found if token is not None})


def batches_by_length(lengths: Sequence[int] | NDArray[np.int64], batch_tokens: int) -> Iterator[list[int]]:
    """Row indices in batches of similar length, longest first; padded, a batch holds at most `batch_tokens`
    (or one row)."""
    batch: list[int] = []
    for index in map(int, np.argsort(-np.asarray(lengths), kind="stable")):
        longest = lengths[batch[0]] if batch else lengths[index]
        if batch and longest * (len(batch) + 1) > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def padded(
    rows: Sequence[Sequence[int]], fill: int, device: torch.device, *, left: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, both (rows, longest row)."""
    width = max(len(row) for row in rows)
    ids = torch.full((len(rows), width), fill, dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for number, row in enumerate(rows):
        place = slice(width - len(row), width) if left else slice(0, len(row))
        ids[number, place] = torch.tensor(row, dtype=torch.long)
        mask[number, place] = 1
    return ids.to(device), mask.to(device)


class _Ticker(StoppingCriteria):
    """Tells the caller that work goes on, once per generated token; never stops anything itself."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: object) -> torch.Tensor:
        self._tick()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


def _greedy_config(loaded: LoadedModel, max_new_tokens: int) -> GenerationConfig:
    own = loaded.model.generation_config
    return GenerationConfig(
        do_sample=False,
        num_beams=1,
        max_new_tokens=max_new_tokens,
        eos_token_id=end_token_ids(loaded),
        pad_token_id=loaded.tokenizer.pad_token_id,
        bos_token_id=own.bos_token_id,
        decoder_start_token_id=own.decoder_start_token_id,
        forced_bos_token_id=own.forced_bos_token_id,
        bad_words_ids=own.bad_words_ids,
        use_cache=True,
    )


@torch.inference_mode()
def generate_greedy(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    batch_tokens: int = 8192,
    on_progress: OnProgress | None = None,
) -> list[Generated]:
    """Answer every prompt greedily with a key-value cache.

    A causal model stops at its context length. `batch_tokens` bounds prompt and answer together. An exception
    raised by `on_progress` ends the work: that is how a caller stops it.
    """
    causal = loaded.family is Family.CAUSAL
    results: list[Generated | None] = [None] * len(prompts)
    ends = set(end_token_ids(loaded))
    done = 0

    def tick() -> None:
        if on_progress:
            on_progress(done, len(prompts))

    watch = StoppingCriteriaList([_Ticker(tick)])
    for batch in batches_by_length([len(p) + max_new_tokens for p in prompts], batch_tokens):
        ids, mask = padded(
            [prompts[i] for i in batch], loaded.tokenizer.pad_token_id, loaded.device, left=causal
        )
        room = loaded.manifest.context_length - ids.shape[1] if causal else max_new_tokens
        config = _greedy_config(loaded, max(1, min(max_new_tokens, room)))
        answers = loaded.model.generate(
            input_ids=ids, attention_mask=mask, generation_config=config, stopping_criteria=watch
        )
        # Both begin with what was given: the prompt, or the decoder's start token.
        begun = ids.shape[1] if causal else 1
        for index, answer in zip(batch, answers[:, begun:].tolist(), strict=True):
            results[index] = _finished(loaded, answer, ends)
        done += len(batch)
        tick()
    return [result for result in results if result is not None]


def _finished(loaded: LoadedModel, answer: list[int], ends: set[int]) -> Generated:
    stop = next((position for position, token in enumerate(answer) if token in ends), None)
    ids = answer if stop is None else answer[: stop + 1]
    text = loaded.tokenizer.decode(ids, skip_special_tokens=True)
    return Generated(ids, text, "length" if stop is None else "stop")


@torch.inference_mode()
def score(
    loaded: LoadedModel,
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    *,
    batch_tokens: int = 8192,
    on_progress: OnProgress | None = None,
) -> list[list[float]]:
    """Log-probability (nats) of every token of each (prompt ids, output ids) pair, given all before it."""
    causal = loaded.family is Family.CAUSAL
    results: list[list[float]] = [[] for _ in pairs]
    done = 0
    for batch in batches_by_length([len(p) + len(o) for p, o in pairs], batch_tokens):
        chosen = [pairs[i] for i in batch]
        scored = _score_causal(loaded, chosen) if causal else _score_seq2seq(loaded, chosen)
        for index, values in zip(batch, scored, strict=True):
            results[index] = values
        done += len(batch)
        if on_progress:
            on_progress(done, len(pairs))
    return results


def _score_causal(
    loaded: LoadedModel, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> list[list[float]]:
    rows = [[*prompt, *output] for prompt, output in pairs]
    ids, mask = padded(rows, loaded.tokenizer.pad_token_id, loaded.device)
    scored = torch.zeros_like(mask, dtype=torch.bool)
    for number, (prompt, output) in enumerate(pairs):
        scored[number, len(prompt) - 1 : len(prompt) + len(output) - 1] = True
    said = [token for _, output in pairs for token in output]
    logits = logits_where(loaded.model, scored, input_ids=ids, attention_mask=mask, use_cache=False)
    return _by_row(logits, torch.tensor(said, device=loaded.device), [len(output) for _, output in pairs])


def _by_row(logits: torch.Tensor, said: torch.Tensor, lengths: list[int]) -> list[list[float]]:
    """Log-probabilities of the tokens `said`, divided into rows of these lengths."""
    values = -cross_entropy(logits.float(), said, reduction="none")
    return [row.tolist() for row in values.split(lengths)]


def logits_where(model: PreTrainedModel, kept: torch.Tensor, **inputs: Any) -> torch.Tensor:
    """Logits (kept places, vocabulary) where `kept` (rows, tokens of the output) is true, row after row.

    Other places are left out before the projection to the vocabulary, whose result is often the largest tensor of all.
    """

    def keep(_: torch.nn.Module, states: tuple[torch.Tensor]) -> tuple[torch.Tensor] | None:
        return (states[0][kept][None],) if states[0].shape[:-1] == kept.shape else None

    with model.get_output_embeddings().register_forward_pre_hook(keep):
        logits: torch.Tensor = model(**inputs).logits
    # An architecture that projects in another way than by one call of that layer gives all places.
    return logits[kept] if logits.shape[:-1] == kept.shape else logits[0]


def _score_seq2seq(
    loaded: LoadedModel, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> list[list[float]]:
    ids, mask = padded([prompt for prompt, _ in pairs], loaded.tokenizer.pad_token_id, loaded.device)
    labels, _ = padded([output or [IGNORED] for _, output in pairs], IGNORED, loaded.device)
    said = labels != IGNORED
    logits = logits_where(
        loaded.model,
        said,
        input_ids=ids,
        attention_mask=mask,
        decoder_input_ids=decoder_inputs(loaded, labels),
        use_cache=False,
    )
    return _by_row(logits, labels[said], [len(output) for _, output in pairs])


def decoder_inputs(loaded: LoadedModel, labels: torch.Tensor) -> torch.Tensor:
    """What the decoder reads to say `labels` (rows, tokens): the start token, then all labels but the last.

    Always the start token that generation uses; some architectures' own shifting takes the last label instead.
    """
    model = loaded.model
    start = model.generation_config.decoder_start_token_id
    inputs = labels.new_full(labels.shape, model.config.decoder_start_token_id if start is None else start)
    inputs[:, 1:] = labels[:, :-1]
    return inputs.masked_fill(inputs == IGNORED, loaded.tokenizer.pad_token_id)


@torch.inference_mode()
def classify(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    *,
    batch_tokens: int = 8192,
    on_progress: OnProgress | None = None,
) -> list[list[float]]:
    """Probability of every label, in the order of the manifest's labels, for each prompt."""
    results: list[list[float]] = [[] for _ in prompts]
    done = 0
    for batch in batches_by_length([len(p) for p in prompts], batch_tokens):
        ids, mask = padded([prompts[i] for i in batch], loaded.tokenizer.pad_token_id, loaded.device)
        logits = loaded.model(input_ids=ids, attention_mask=mask).logits
        for index, values in zip(batch, logits.float().softmax(-1).tolist(), strict=True):
            results[index] = values
        done += len(batch)
        if on_progress:
            on_progress(done, len(prompts))
    return results
