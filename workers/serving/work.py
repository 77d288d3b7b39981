"""What travels between HTTP and the scheduler: requests going in, events coming out."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from workers.contracts.engine import Sampling
from workers.serving.detokenizer import Detokenizer, StopMatcher, ends_sentence
from workers.serving.errors import EngineError

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True)
class Piece:
    """Text that is certain; empty while a character or a possible stop string is incomplete."""

    text: str


@dataclass(frozen=True)
class End:
    finish_reason: FinishReason


@dataclass(frozen=True)
class Scores:
    """A classifier's answer: one probability per label, in the manifest's order."""

    probabilities: list[float]


@dataclass(frozen=True)
class Failure:
    error: EngineError


Event = Piece | End | Scores | Failure


@dataclass(eq=False)
class Work:
    """One request. `cancelled` may be set by any thread; the scheduler answers with an End."""

    prompt_ids: list[int]
    cancelled: bool = False
    ended: bool = False

    def end(self, reason: FinishReason) -> list[Event]:
        self.ended = True
        return [End(reason)]


@dataclass(eq=False)
class Classification(Work):
    """Asks a classifier for its label probabilities."""


@dataclass(eq=False)
class Generation(Work):
    """Asks for up to `max_new_tokens` tokens after the prompt.

    With `forced_ids` those tokens are taken instead of sampled ones, and the log-probability (nats) that the
    model gave each is kept: the same steps, caches and batches as any other request.
    """

    sampling: Sampling = field(default_factory=Sampling)
    max_new_tokens: int = 1
    min_new_tokens: int = 0
    """As long as fewer were said, the end tokens cannot be."""
    end_ids: frozenset[int] = frozenset()
    detokenizer: Detokenizer | None = None
    forced_ids: list[int] | None = None
    prompt_counts: bool = True
    """Whether the repetition penalty looks at the prompt, as it does for causal models."""
    output_ids: list[int] = field(default_factory=list)
    said_end: int | None = None
    """The end token, once the model has said it; it is not among `output_ids`."""
    log_probabilities: list[float] = field(default_factory=list)
    generator: random.Random = field(init=False)
    stops: StopMatcher = field(init=False)
    _latest: str = field(default="", init=False)
    """The last characters said, to see the end of a sentence in."""

    def __post_init__(self) -> None:
        self.generator = random.Random(self.sampling.seed)  # noqa: S311
        self.stops = StopMatcher(self.sampling.stop)

    @property
    def said_ids(self) -> list[int]:
        """All that the model said, its end token included."""
        return self.output_ids if self.said_end is None else [*self.output_ids, self.said_end]

    def context_ids(self) -> Sequence[int]:
        return [*self.prompt_ids, *self.output_ids] if self.prompt_counts else self.output_ids

    def force(self, logits: torch.Tensor) -> int:
        """Take the next forced token; `logits` [vocabulary], float32, are those it is scored by."""
        assert self.forced_ids is not None  # noqa: S101
        token_id = self.forced_ids[len(self.output_ids)]
        value = float(logits[token_id] - logits.logsumexp(dim=-1))
        self.log_probabilities.append(value if math.isfinite(value) else -1e9)
        return token_id

    def accept(self, token_id: int) -> list[Event]:
        """Append a token; return the events that follow from it, an End last when the request is over."""
        if self.forced_ids is None and token_id in self.end_ids:
            self.said_end = token_id
            return self._finish("stop")
        self.output_ids.append(token_id)
        events: list[Event] = []
        if self.detokenizer is not None:
            text = self.stops.push(self.detokenizer.push(token_id))
            if self.stops.stopped:
                return [Piece(text), *self.end("stop")]
            events.append(Piece(text))
            if self._is_long_enough(text):
                return events + self._finish("stop")
        if len(self.output_ids) >= self.max_new_tokens:
            return events + self._finish("length")
        return events

    def _is_long_enough(self, text: str) -> bool:
        self._latest = (self._latest + text)[-8:]
        wanted = self.sampling.sentence_after
        return wanted is not None and len(self.output_ids) >= wanted and ends_sentence(self._latest)

    def _finish(self, reason: FinishReason) -> list[Event]:
        """Release what was held back, which may still complete a stop string."""
        events: list[Event] = []
        if self.detokenizer is not None:
            text = self.stops.push(self.detokenizer.finish())
            if self.stops.stopped:
                reason = "stop"
            events.append(Piece(text + self.stops.finish()))
        return events + self.end(reason)
