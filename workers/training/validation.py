"""What a run shows while it learns and leaves when it ends: validation loss, sample outputs, parity records."""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from workers.contracts.events import SampleRow
from workers.contracts.families import Family
from workers.contracts.model_folder import ParityRecord
from workers.contracts.recipes import Precision
from workers.models.agreement import in_full_precision
from workers.models.generation import classify, end_token_ids, generate_greedy, score
from workers.models.loading import LoadedModel
from workers.models.masking import asked, fill, filled, hides_any
from workers.models.prompts import IGNORED, Example, encode_prompt, prompt_limit
from workers.models.spans import removed, restored, sentinels
from workers.training.attention import unpacked
from workers.training.checkpoints import Validation
from workers.training.data import Row
from workers.training.objectives import Objective
from workers.training.ranks import ALONE, Ranks

SAMPLE_TOKENS = 64
PARITY_ROWS = 12
PARITY_TOKENS = 32
_LEAST_ANSWER_ROOM = 4

Scored = TypeVar("Scored")
Tick = Callable[[], None]
"""Called while work goes on; may raise to end it."""


@torch.inference_mode()
def validate(
    objective: Objective[Any],
    loaded: LoadedModel,
    examples: Sequence[Example],
    tick: Tick,
    ranks: Ranks = ALONE,
) -> Validation:
    """How good the model is on rows that it does not learn from, dropout and smoothing off. Each rank looks at some of them."""
    part = [objective.drawn(examples[place], place) for place in ranks.part(range(len(examples)))]
    counted = [0.0] * len(objective.counted)
    loaded.model.eval()
    try:
        share_sums(objective, part, ranks)
        total, right = 0.0, None
        for group in objective.microbatches(part):
            tick()
            loss, correct, more = objective.measure(group)
            total += loss
            right = right if correct is None else (right or 0) + correct
            counted = [sum(pair) for pair in zip(counted, more, strict=True)]
    finally:
        loaded.model.train()
    sums = ranks.total(total, objective.weight(part), right or 0, right is not None, *counted)
    total, weight, answered, judged, *counted = sums
    return Validation(
        loss=total / max(1, weight),
        accuracy=answered / len(examples) if judged else None,
        sums=dict(zip(objective.counted, counted, strict=True)),
    )


def share_sums(objective: Objective[Any], examples: Sequence[Example], ranks: Ranks = ALONE) -> None:
    """Give the objective what the loss of each of these rows, and of those of other ranks, depends on."""
    sums = ranks.with_memory(lambda: objective.shared_sums(examples))
    objective.use_sums(ranks.total(*sums))


def _prompt(loaded: LoadedModel, row: Row, answer_tokens: int) -> list[int]:
    limit = prompt_limit(loaded.manifest)
    if loaded.family is Family.CAUSAL:
        limit = max(limit - answer_tokens, limit // 2, _LEAST_ANSWER_ROOM)
    return encode_prompt(loaded.tokenizer, loaded.manifest, row.messages, limit=limit, cut=True)


def _is_whole(loaded: LoadedModel, row: Row) -> bool:
    whole = encode_prompt(loaded.tokenizer, loaded.manifest, row.messages, limit=sys.maxsize)
    return len(whole) == len(_prompt(loaded, row, PARITY_TOKENS))


def _shown_input(row: Row) -> str:
    return "\n".join(message.content for message in row.messages)


def sample_outputs(loaded: LoadedModel, rows: Sequence[Row], tick: Tick) -> list[SampleRow]:
    """What the model answers now to fixed rows; a classifier's label with its share of certainty."""
    if loaded.family is Family.ENCODER:
        return _filled_samples(loaded, rows)
    if not loaded.manifest.task.answers(loaded.family):
        return _restored_samples(loaded, rows, tick)
    outputs: list[tuple[str, float | None]]
    loaded.model.eval()
    try:
        prompts = [_prompt(loaded, row, SAMPLE_TOKENS) for row in rows]
        with unpacked(loaded.model):
            if loaded.family.has_labels:
                outputs = [_best_label(loaded, shares) for shares in classify(loaded, prompts)]
            else:
                answers = generate_greedy(
                    loaded, prompts, max_new_tokens=SAMPLE_TOKENS, on_progress=lambda *_: tick()
                )
                outputs = [(answer.text, None) for answer in answers]
    finally:
        loaded.model.train()
    return [
        SampleRow(row_id=row.row_id, input=_shown_input(row), target=row.target, output=output, share=share)
        for row, (output, share) in zip(rows, outputs, strict=True)
    ]


def _filled_samples(loaded: LoadedModel, rows: Sequence[Row]) -> list[SampleRow]:
    """The beginning of each document with some words hidden, and what an encoder fills in."""
    tokenizer = loaded.tokenizer
    asked_rows = [asked(tokenizer, row.target, SAMPLE_TOKENS, row.row_id) for row in rows]
    usable = [(row, example) for row, example in zip(rows, asked_rows, strict=True) if hides_any(example)]
    loaded.model.eval()
    try:
        found = list(fill(loaded, [example for _, example in usable]))
    finally:
        loaded.model.train()
    shown = []
    for number, tokens, _ in sorted(found):
        row, example = usable[number]
        right = [label for label in example.label_ids if label != IGNORED]
        texts = [
            tokenizer.decode(ids, skip_special_tokens=not keeps)
            for ids, keeps in (
                (example.input_ids, True),
                (filled(example, right), False),
                (filled(example, tokens), False),
            )
        ]
        shown.append(SampleRow(row_id=row.row_id, input=texts[0], target=texts[1], output=texts[2]))
    return shown


def _restored_samples(loaded: LoadedModel, rows: Sequence[Row], tick: Tick) -> list[SampleRow]:
    """The beginning of each document with stretches removed, and with those that an encoder-decoder writes."""
    tokenizer, marks = loaded.tokenizer, sentinels(loaded.tokenizer)
    asked_rows = [removed(tokenizer, row.target, SAMPLE_TOKENS, row.row_id) for row in rows]
    loaded.model.eval()
    try:
        read = [example.input_ids for example in asked_rows]
        answers = generate_greedy(
            loaded, read, max_new_tokens=SAMPLE_TOKENS // 2, on_progress=lambda *_: tick()
        )
    finally:
        loaded.model.train()
    shown = []
    for row, example, answer in zip(rows, asked_rows, answers, strict=True):
        right, said = (
            restored(example.input_ids, ids, marks) for ids in (example.label_ids, answer.token_ids)
        )
        ends = set(end_token_ids(loaded))
        texts = (
            tokenizer.decode([token for token in example.input_ids if token not in ends]),
            tokenizer.decode(right, skip_special_tokens=True),
            tokenizer.decode(said, skip_special_tokens=True),
        )
        shown.append(SampleRow(row_id=row.row_id, input=texts[0], target=texts[1], output=texts[2]))
    return shown


def _best_label(loaded: LoadedModel, shares: list[float]) -> tuple[str, float]:
    best = max(range(len(shares)), key=shares.__getitem__)
    return loaded.manifest.labels[best], shares[best]


def parity_records(loaded: LoadedModel, rows: Sequence[Row], tick: Tick) -> list[ParityRecord]:
    """The trainer's own answers, scored; `loaded` must be as its folder will be: merged, cast, attention unpacked.

    `output_ids` include the end token where the model said it. For classifiers `label_scores` holds the
    probability of every label.
    """
    if not loaded.manifest.task.answers(loaded.family):
        return []  # the engine does not serve it
    loaded.model.eval()
    # The engine refuses a prompt that had to be cut here: such a row has nothing to compare.
    rows = [row for row in rows if _is_whole(loaded, row)] or rows
    prompts = [_prompt(loaded, row, PARITY_TOKENS) for row in rows]
    if loaded.family.has_labels:
        scores = _label_scores(loaded, prompts)
        best = [max(shares, key=shares.__getitem__) for shares in scores]
        exact_scores = _in_fp32(loaded, lambda: _label_scores(loaded, prompts)) or scores
        return [
            ParityRecord(
                row_id=row.row_id,
                prompt=row.messages,
                prompt_ids=prompt,
                output_ids=[],
                output=label,
                log_probabilities=[],
                label_scores=shares,
                rounding=_distance([math.log(shares[label])], [math.log(exact[label])]),
            )
            for row, prompt, label, shares, exact in zip(
                rows, prompts, best, scores, exact_scores, strict=True
            )
        ]
    answers = generate_greedy(loaded, prompts, max_new_tokens=PARITY_TOKENS, on_progress=lambda *_: tick())
    pairs = [(prompt, answer.token_ids) for prompt, answer in zip(prompts, answers, strict=True)]
    scored = score(loaded, pairs)
    exact_scored = _in_fp32(loaded, lambda: score(loaded, pairs)) or scored
    return [
        ParityRecord(
            row_id=row.row_id,
            prompt=row.messages,
            prompt_ids=prompt,
            output_ids=answer.token_ids,
            output=answer.text,
            log_probabilities=values,
            rounding=_distance(values, exact),
        )
        for row, prompt, answer, values, exact in zip(
            rows, prompts, answers, scored, exact_scored, strict=True
        )
    ]


def _in_fp32(loaded: LoadedModel, compute: Callable[[], list[Scored]]) -> list[Scored] | None:
    """What `compute` returns with the model in fp32; None where it is in fp32 anyway, or cannot be."""
    if loaded.precision is Precision.FP32:
        return None
    try:
        with in_full_precision(loaded.model):
            return compute()
    except (RuntimeError, TypeError, AttributeError):
        return None


def _distance(values: Sequence[float], exact: Sequence[float]) -> float:
    """Mean absolute difference, 0 of none."""
    return sum(abs(a - b) for a, b in zip(values, exact, strict=True)) / max(1, len(values))


def _label_scores(loaded: LoadedModel, prompts: list[list[int]]) -> list[dict[str, float]]:
    """One row at a time, as the engine answers."""
    labels = loaded.manifest.labels
    return [dict(zip(labels, classify(loaded, [prompt])[0], strict=True)) for prompt in prompts]
