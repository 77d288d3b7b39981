"""Continuous batching gives every request what it would have got alone."""

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage
from workers.contracts.recipes import Precision
from workers.models.generation import end_token_ids, score
from workers.models.loading import load_folder
from workers.serving.backends.slots import SlotBackend
from workers.serving.detokenizer import Detokenizer
from workers.serving.hosted import HostedModel
from workers.serving.slot_cache import SlotLayer, allocated_tokens
from workers.serving.work import End, Event, Failure, Generation, Piece, Work

GREEDY = Sampling(temperature=0)
Host = Callable[..., HostedModel]


class Log:
    """Collects events per request, in order."""

    def __init__(self) -> None:
        self.events: dict[Work, list[Event]] = {}

    def __call__(self, events: list[tuple[Work, Event]]) -> None:
        for work, event in events:
            self.events.setdefault(work, []).append(event)

    def last(self, work: Work) -> Event:
        return self.events[work][-1]


def _greedy(hosted: HostedModel, prompt_ids: list[int], tokens: int) -> Generation:
    ends = frozenset(end_token_ids(hosted.loaded))
    return Generation(prompt_ids, sampling=GREEDY, max_new_tokens=tokens, end_ids=ends)


def _drain(backend: SlotBackend, log: Log, arrivals: dict[int, list[Generation]] | None = None) -> None:
    """Step until nothing is left; `arrivals` maps a step to the requests that come before it."""
    pending = dict(arrivals or {})
    for step in range(2000):
        for work in pending.pop(step, []):
            backend.submit(work)
        if not (pending or backend.running or backend.waiting):
            return
        backend.step(log)
    raise AssertionError("requests are left over")


def _prompts(count: int, longest: int, *, seed: int = 0) -> list[list[int]]:
    dice = random.Random(seed)
    return [[dice.randrange(5, 250) for _ in range(dice.randrange(3, longest))] for _ in range(count)]


@cache
def _reference(folder: Path) -> PreTrainedModel:
    return load_folder(folder).model


def _alone(hosted: HostedModel, folder: Path, work: Generation) -> list[int]:
    """What transformers' own generate says, one request at a time, with plain layers."""
    reference = _reference(folder)
    ids = torch.tensor([work.prompt_ids])
    answer = reference.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        num_beams=1,
        max_new_tokens=work.max_new_tokens,
    )[0].tolist()
    begun = len(work.prompt_ids) if hosted.token_model.family == "causal" else 1
    return [token_id for token_id in answer[begun:] if token_id not in work.end_ids]


@pytest.mark.parametrize("kind", ["llama", "bart", "marian", "t5"])
def test_staggered_requests_say_what_generate_says(host: Host, store: Path, kind: str) -> None:
    hosted = host(kind)
    dice = random.Random(7)
    works = [_greedy(hosted, ids, dice.randrange(4, 40)) for ids in _prompts(14, 60)]
    log = Log()
    _drain(hosted.backend, log, {3 * index: works[2 * index : 2 * index + 2] for index in range(7)})
    for work in works:
        assert work.output_ids == _alone(hosted, store / "models" / kind, work)
        assert log.last(work) == End("stop" if work.said_end is not None else "length")


@pytest.mark.parametrize("kind", ["llama", "bart"])
def test_an_answer_can_be_made_to_go_on_beside_one_that_may_end(host: Host, kind: str) -> None:
    hosted = host(kind)
    prompt = [5, 6, 7, 8]
    free = Generation(prompt, sampling=GREEDY, max_new_tokens=8)
    _drain(hosted.backend, Log(), {0: [free]})
    # The model now ends with what it likes to say first, beside a forced beginning where it has one.
    end = frozenset(free.output_ids)
    ends, goes_on = (
        Generation(prompt, sampling=GREEDY, max_new_tokens=8, min_new_tokens=least, end_ids=end)
        for least in (0, 5)
    )
    _drain(hosted.backend, Log(), {0: [ends, goes_on]})
    assert len(ends.output_ids) == 0
    assert len(goes_on.output_ids) >= 5
    assert not end & set(goes_on.output_ids)


def test_an_answer_that_is_long_enough_ends_with_its_sentence() -> None:
    words = {1: "It", 2: " costs 3", 3: ".", 4: "5", 5: " euros", 6: '."', 7: " Next"}
    work = Generation(
        [1],
        sampling=Sampling(sentence_after=3),
        max_new_tokens=20,
        detokenizer=Detokenizer(lambda ids: "".join(words[token_id] for token_id in ids)),
    )
    said = [work.accept(token_id) for token_id in (1, 6, 2, 3, 4, 5, 6)]
    assert [End("stop") in events for events in said] == [False] * 6 + [True]
    assert (
        "".join(e.text for events in said for e in events if isinstance(e, Piece)) == 'It." costs 3.5 euros."'
    )


def test_a_text_is_never_asked_for_more_than_half_of_itself(host: Host) -> None:
    hosted = host("llama")
    messages = [PromptMessage(role="user", content="the book " * 20)]
    asked = hosted.generation(messages, Sampling(min_tokens=1000))
    assert asked.min_new_tokens == len(asked.prompt_ids) // 2
    assert hosted.generation(messages, Sampling(min_tokens=3)).min_new_tokens == 3


def test_a_long_prompt_is_taken_in_by_stretches_while_others_go_on(host: Host, store: Path) -> None:
    hosted = host("llama")
    hosted.token_model.chunk_tokens = 16
    short = [_greedy(hosted, ids, 20) for ids in _prompts(6, 12)]
    long = [_greedy(hosted, ids * 9, 10) for ids in ([9, 30, 41, 52, 63], [8, 77, 66])]
    log = Log()
    _drain(hosted.backend, log, {0: [short[0], long[0], short[1]], 2: [short[2], long[1], *short[3:]]})
    for work in (*short, *long):
        assert work.output_ids == _alone(hosted, store / "models" / "llama", work)


@pytest.mark.parametrize("kind", ["llama", "bart"])
def test_forced_tokens_get_the_log_probabilities_of_a_plain_pass(host: Host, store: Path, kind: str) -> None:
    hosted = host(kind)
    prompts, outputs = _prompts(3, 30), _prompts(3, 20, seed=1)
    works = []
    for prompt, output in zip(prompts, outputs, strict=True):
        works.append(_greedy(hosted, prompt, len(output)))
        works[-1].forced_ids = output
    beside = Generation(prompts[0], sampling=Sampling(temperature=1), max_new_tokens=25)
    _drain(hosted.backend, Log(), {0: [works[0], beside], 2: works[1:]})
    expected = score(load_folder(store / "models" / kind), list(zip(prompts, outputs, strict=True)))
    for work, values in zip(works, expected, strict=True):
        assert work.output_ids == work.forced_ids
        assert work.log_probabilities == pytest.approx(values, abs=1e-3)


def test_a_seed_gives_the_same_answer_alone_and_in_a_crowd(host: Host) -> None:
    hosted = host("llama")

    def request(seed: int) -> Generation:
        return Generation([7, 8, 9, 40], sampling=Sampling(temperature=1, seed=seed), max_new_tokens=25)

    alone = request(5)
    _drain(hosted.backend, Log(), {0: [alone]})
    crowd = [request(seed) for seed in (4, 5, 6)]
    greedy = _greedy(hosted, [7, 8, 9, 40], 25)
    _drain(hosted.backend, Log(), {0: crowd[:1], 1: [greedy], 2: crowd[1:]})
    assert crowd[1].output_ids == alone.output_ids
    assert len({tuple(work.output_ids) for work in (*crowd, greedy)}) == 4


def test_cancelled_requests_get_an_end_and_free_their_row(host: Host, store: Path) -> None:
    hosted = host("llama", slots=2)
    works = [_greedy(hosted, ids, 30) for ids in _prompts(3, 12)]
    log, backend = Log(), hosted.backend
    for work in works:
        backend.submit(work)
    backend.step(log)
    assert (backend.running, backend.waiting) == (2, 1)
    works[0].cancelled = True
    backend.step(log)
    assert log.last(works[0]) == End("cancelled")
    assert (backend.running, backend.waiting) == (2, 0)
    works[2].cancelled = True
    _drain(backend, log)
    assert log.last(works[2]) == End("cancelled")
    assert works[1].output_ids == _alone(hosted, store / "models" / "llama", works[1])


def test_a_crash_while_taking_in_a_prompt_fails_only_that_request(host: Host, store: Path) -> None:
    hosted = host("llama")
    good = _greedy(hosted, [5, 6, 7], 12)
    unknown_token = _greedy(hosted, [5, 10**6], 12)
    log = Log()
    _drain(hosted.backend, log, {0: [good], 2: [unknown_token]})
    assert isinstance(log.last(unknown_token), Failure)
    assert log.last(unknown_token).error.code == "engine_error"
    assert good.output_ids == _alone(hosted, store / "models" / "llama", good)


def test_storage_that_could_be_had_for_keys_alone_spoils_nothing(
    host: Host, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = host("llama")
    running, late, later = (_greedy(hosted, ids, 12) for ids in ([5, 6, 7], [8, 9] * 20, [9, 8, 7]))
    log, fitted, asked = Log(), SlotLayer._fitted, 0

    def full(layer: SlotLayer, *args: Any) -> torch.Tensor:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise MemoryError
        return fitted(layer, *args)

    hosted.backend.submit(running)
    hosted.backend.step(log)
    with monkeypatch.context() as patch:
        patch.setattr(SlotLayer, "_fitted", full)
        hosted.backend.submit(late)
        hosted.backend.step(log)
    _drain(hosted.backend, log, {0: [later]})
    last = log.last(late)
    assert isinstance(last, Failure)
    assert last.error.code == "out_of_memory"
    for work in (running, later):
        assert work.output_ids == _alone(hosted, store / "models" / "llama", work)


def test_a_crash_while_decoding_fails_the_running_and_serves_the_waiting(host: Host, store: Path) -> None:
    hosted = host("llama", slots=2)
    works = [_greedy(hosted, ids, 12) for ids in _prompts(3, 12)]
    log, backend = Log(), hosted.backend
    for work in works:
        backend.submit(work)
    backend.step(log)
    works[0].output_ids[-1] = 10**6
    _drain(backend, log)
    assert [type(log.last(work)) for work in works] == [Failure, Failure, End]
    assert works[2].output_ids == _alone(hosted, store / "models" / "llama", works[2])


def test_requests_wait_until_the_cache_has_room_for_them(host: Host) -> None:
    hosted = host("llama")
    model = hosted.token_model
    per_token = model.needed_bytes([(64, 0)]) // 64
    model.cache_bytes = per_token * allocated_tokens(2, 64)
    works = [_greedy(hosted, ids, 30) for ids in _prompts(6, 30)]
    most = 0

    def watch(events: list[tuple[Work, Event]]) -> None:
        nonlocal most
        most = max(most, hosted.backend.running)
        held = sum(
            stored.numel() * stored.element_size()
            for layer in model.cache.slot_layers
            for stored in (layer.stored_keys, layer.stored_values)
            if stored is not None
        )
        assert held <= model.cache_bytes

    for work in works:
        hosted.backend.submit(work)
    while hosted.backend.running or hosted.backend.waiting:
        hosted.backend.step(watch)
    assert most == 2
    assert all(len(work.output_ids) == 30 for work in works)


def test_text_comes_as_it_is_said_and_ends_before_the_stop_string(host: Host) -> None:
    hosted = host("llama")
    messages = [PromptMessage(role="user", content="when is it due")]
    free = hosted.generation(messages, Sampling(temperature=0, max_tokens=30))
    log = Log()
    _drain(hosted.backend, log, {0: [free]})
    text = "".join(event.text for event in log.events[free] if isinstance(event, Piece))
    assert text == hosted.loaded.tokenizer.decode(free.output_ids, skip_special_tokens=True)
    # Two characters in the middle: the boundary between tokens lies anywhere.
    stop = text[9:11]
    stopped = hosted.generation(messages, Sampling(temperature=0, max_tokens=30, stop=[stop]))
    _drain(hosted.backend, log, {0: [stopped]})
    said = "".join(event.text for event in log.events[stopped] if isinstance(event, Piece))
    assert said == text[: text.index(stop)]
    assert log.last(stopped) == End("stop")
    assert len(stopped.output_ids) < len(free.output_ids)


@pytest.mark.parametrize("kind", ["llama", "bart", "t5"])
def test_bf16_stays_within_the_parity_limit_of_the_trainers_bf16(store: Path, kind: str) -> None:
    folder = store / "models" / kind
    hosted = HostedModel.load(folder, precision=Precision.BF16, slots=8, cache_bytes=64 << 20)
    works = []
    prompts, outputs = _prompts(4, 30), _prompts(4, 20, seed=1)
    for prompt, output in zip(prompts, outputs, strict=True):
        works.append(_greedy(hosted, prompt, len(output)))
        works[-1].forced_ids = output
    _drain(hosted.backend, Log(), {0: works[:2], 1: works[2:]})
    trained = load_folder(folder, precision=Precision.BF16)
    expected = score(trained, list(zip(prompts, outputs, strict=True)))
    for work, values in zip(works, expected, strict=True):
        # These weights are wide on purpose, and so are their roundings: twice the limit for real models.
        differences = [abs(a - b) for a, b in zip(work.log_probabilities, values, strict=True)]
        assert sum(differences) / len(differences) < 0.1


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_comes_and_goes_the_others_are_answered_right(host: Host, store: Path, seed: int) -> None:
    """Random arrivals, lengths and cancellations over few rows, long prompts in stretches: rows must not mix."""
    hosted = host("llama", slots=5)
    hosted.token_model.chunk_tokens = 24
    dice = random.Random(seed)
    works = [_greedy(hosted, ids, dice.randrange(1, 25)) for ids in _prompts(40, 90, seed=seed)]
    log, backend, waiting = Log(), hosted.backend, list(works)
    while waiting or backend.running or backend.waiting:
        for _ in range(dice.randrange(4) if waiting else 0):
            if waiting:
                backend.submit(waiting.pop())
        if dice.random() < 0.3:
            dice.choice(works).cancelled = True
        backend.step(log)
    finished = [work for work in works if log.last(work) != End("cancelled")]
    assert 10 < len(finished) < 40
    for work in finished:
        assert work.output_ids == _alone(hosted, store / "models" / "llama", work)
