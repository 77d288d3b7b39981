"""Continuous batching: requests join and leave a running batch between any two tokens."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from workers.contracts.families import Family
from workers.contracts.recipes import Precision
from workers.models.memory import is_out_of_memory
from workers.serving.backends.base import Deliver
from workers.serving.errors import EngineError, engine_error, out_of_memory
from workers.serving.sampling import sample
from workers.serving.slot_cache import SlotCache
from workers.serving.work import Event, Failure, Generation, Work

PREFILL_TOKENS = 512
"""Most prompt tokens computed between two decoding steps, so that a new request delays running ones by little."""
_SIMILAR, _SIMILAR_TOKENS = 1.25, 8
"""Prompts of a batch may be longer than its shortest by this factor and this many tokens."""


class TokenModel(Protocol):
    """A model that turns rows of tokens into logits [rows, vocabulary], float32, of what comes next."""

    name: str
    family: Family
    precision: Precision
    memory_bytes: int
    cache_bytes: int
    """Most bytes that caches may take."""
    chunk_tokens: int | None
    """Longest stretch of a prompt computed at once; None where a prompt cannot be split."""
    suppressed: list[int]
    """Tokens that are never said."""
    first_token: int | None
    """A token that every answer begins with."""

    def begin(self, first: int, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Compute the beginning of prompts into new rows from `first` on."""

    def extend(self, first: int, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
        """Compute further tokens of the rows from `first` on."""

    def needed_bytes(self, rows: Sequence[tuple[int, int]]) -> int:
        """Cache bytes for rows of (prompt tokens, output tokens)."""

    def caches(self) -> Sequence[SlotCache]: ...


@dataclass(eq=False)
class _Filling:
    """A long prompt on its way into the cache, `done` tokens of it computed; its row follows the running ones."""

    work: Generation
    done: int


class SlotBackend:
    """Schedules generations over the rows of one model's caches.

    Row i of the caches belongs to running[i]; the one long prompt that is being filled in has the row after them.
    Waiting requests join in order of arrival, once a row and enough cache are free.
    """

    def __init__(self, model: TokenModel, *, slots: int) -> None:
        self.model = model
        self.name, self.family, self.precision = model.name, model.family, model.precision
        self.memory_bytes = model.memory_bytes
        self.slots = slots
        self._waiting: deque[Generation] = deque()
        self._running: list[Generation] = []
        self._filling: _Filling | None = None
        self._suppressed = torch.tensor(model.suppressed, dtype=torch.long)

    @property
    def running(self) -> int:
        return len(self._running) + (self._filling is not None)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, work: Work) -> None:
        assert isinstance(work, Generation)  # noqa: S101
        self._waiting.append(work)

    @torch.inference_mode()
    def step(self, deliver: Deliver) -> None:
        """Drop what was cancelled, take in prompts, then say one token for each running request."""
        deliver(self._sweep())
        deliver(self._fill())
        deliver(self._admit())
        if self._running:
            deliver(self._decode())
        if not self.running:
            self._truncate(0)

    def fail(self, error: EngineError, deliver: Deliver) -> None:
        gone = [*self._waiting, *self._running, *([self._filling.work] if self._filling else [])]
        self._waiting.clear()
        self._running.clear()
        self._filling = None
        self._truncate(0)
        deliver([_failure(work, error) for work in gone if not work.ended])

    def _sweep(self) -> list[tuple[Work, Event]]:
        gone = [work for work in self._waiting if work.cancelled]
        for work in gone:
            self._waiting.remove(work)
        if self._filling and self._filling.work.cancelled:
            gone.append(self._filling.work)
            self._filling = None
        for row in reversed(range(len(self._running))):
            if self._running[row].cancelled:
                gone.append(self._running[row])
                self._remove(row)
        self._truncate(self.running)
        return [(work, event) for work in gone for event in work.end("cancelled")]

    def _fill(self) -> list[tuple[Work, Event]]:
        """Compute the next stretch of the long prompt; after its last one it runs."""
        filling, chunk = self._filling, self.model.chunk_tokens
        if filling is None or chunk is None:
            return []
        tokens = filling.work.prompt_ids[filling.done : filling.done + chunk]
        row = len(self._running)
        try:
            logits = self.model.extend(row, [tokens])
        except Exception as error:
            self._filling = None
            self._truncate(row)
            return [_failure(filling.work, error)]
        filling.done += len(tokens)
        if filling.done < len(filling.work.prompt_ids):
            return []
        self._filling = None
        self._running.append(filling.work)
        return self._advance(row, logits)

    def _admit(self) -> list[tuple[Work, Event]]:
        """Take in waiting requests: several short prompts at once, or the first stretch of a long one."""
        group = self._next_group()
        if not group:
            return []
        chunk = self.model.chunk_tokens
        first = self.running
        try:
            logits = self._begin(first, [work.prompt_ids[:chunk] for work in group])
        except Exception as error:
            self._truncate(first)
            return [_failure(work, error) for work in group]
        if chunk is not None and len(group[0].prompt_ids) > chunk:
            self._filling = _Filling(group[0], chunk)
            return []
        row = len(self._running)
        if self._filling:
            # The long prompt's row must follow the running ones: it changes places with the group's last.
            for cache in self.model.caches():
                cache.swap(row, row + len(group))
            group = [group[-1], *group[:-1]]
            logits = torch.cat([logits[-1:], logits[:-1]])
        self._running += group
        return self._advance(row, logits)

    def _begin(self, first: int, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Compute prompts, sorted by length, in batches of similar ones: padding costs as much as tokens do."""
        logits, done = [], 0
        for end in range(1, len(prompts) + 1):
            if end == len(prompts) or len(prompts[end]) > _SIMILAR * len(prompts[done]) + _SIMILAR_TOKENS:
                logits.append(self.model.begin(first + done, prompts[done:end]))
                done = end
        return torch.cat(logits)

    def _next_group(self) -> list[Generation]:
        """The next requests in order of arrival, as many as there is room for; shortest first."""
        group: list[Generation] = []
        tokens = 0
        chunk = self.model.chunk_tokens
        while self._waiting and self.running + len(group) < self.slots:
            work = self._waiting[0]
            is_long = chunk is not None and len(work.prompt_ids) > chunk
            tokens += len(work.prompt_ids)
            if not self._fits([*group, work]):
                break
            if group and (is_long or tokens > PREFILL_TOKENS):
                break
            if is_long and self._filling:
                break
            group.append(self._waiting.popleft())
            if is_long:
                break
        return sorted(group, key=lambda work: len(work.prompt_ids))

    def _fits(self, new: Sequence[Generation]) -> bool:
        held = [*self._running, *([self._filling.work] if self._filling else []), *new]
        needed = self.model.needed_bytes([(len(work.prompt_ids), work.max_new_tokens) for work in held])
        return needed <= self.model.cache_bytes

    def _decode(self) -> list[tuple[Work, Event]]:
        try:
            logits = self.model.extend(0, [[work.output_ids[-1]] for work in self._running])
            return self._advance(0, logits)
        except Exception as error:
            failed = [_failure(work, error) for work in self._running if not work.ended]
            for row in reversed(range(len(self._running))):
                self._remove(row)
            return failed

    def _advance(self, first: int, logits: torch.Tensor) -> list[tuple[Work, Event]]:
        """Give the rows from `first` on their next token; remove those that are over."""
        rows = self._running[first:]
        events: list[tuple[Work, Event]] = []
        for work, token_id in zip(rows, self._choose(rows, logits), strict=True):
            events += [(work, event) for event in work.accept(token_id)]
        for row in reversed(range(first, len(self._running))):
            if self._running[row].ended:
                self._remove(row)
        return events

    def _choose(self, rows: Sequence[Generation], logits: torch.Tensor) -> list[int]:
        forced = {
            index: work.force(logits[index]) for index, work in enumerate(rows) if work.forced_ids is not None
        }
        if len(forced) < len(rows):
            if len(self._suppressed):
                logits[:, self._suppressed] = float("-inf")
            free = [index for index in range(len(rows)) if index not in forced]
            for index in free:
                if len(rows[index].output_ids) < rows[index].min_new_tokens:
                    logits[index, list(rows[index].end_ids)] = float("-inf")
            picked = sample(logits if not forced else logits[free], [rows[index] for index in free])
            begun = self.model.first_token
            for index, token_id in zip(free, picked, strict=True):
                first = begun is not None and not rows[index].output_ids
                forced[index] = begun if first and begun is not None else token_id
        return [forced[index] for index in range(len(rows))]

    def _remove(self, row: int) -> None:
        """Free a row: the last running one takes its place, and the long prompt's moves up."""
        last = len(self._running) - 1
        for cache in self.model.caches():
            if row != last:
                cache.move(last, row)
            if self._filling:
                cache.move(last + 1, last)
        self._running[row] = self._running[last]
        self._running.pop()
        self._truncate(self.running)

    def _truncate(self, rows: int) -> None:
        for cache in self.model.caches():
            cache.truncate(rows)


def _failure(work: Generation, error: Exception) -> tuple[Work, Event]:
    work.ended = True
    if isinstance(error, EngineError):
        return work, Failure(error)
    if is_out_of_memory(error):
        return work, Failure(
            out_of_memory("The engine ran out of memory. Try a shorter input, or again in a moment.")
        )
    return work, Failure(engine_error(error))
