"""What the scheduler and the pool ask of a backend."""

from collections.abc import Callable
from typing import Protocol

from workers.contracts.families import Family
from workers.contracts.recipes import Precision
from workers.serving.errors import EngineError
from workers.serving.work import Event, Work

Deliver = Callable[[list[tuple[Work, Event]]], None]
"""Takes events from the scheduler's thread."""


class Backend(Protocol):
    """One loaded model. `submit`, `step` and `fail` are called by the scheduler's thread alone."""

    name: str
    family: Family
    precision: Precision
    memory_bytes: int
    """Most bytes that weights and caches may take."""

    @property
    def running(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    def submit(self, work: Work) -> None:
        """Queue a request."""

    def step(self, deliver: Deliver) -> None:
        """Bring all running requests forward by one step. What fails inside is delivered to those it concerns."""

    def fail(self, error: EngineError, deliver: Deliver) -> None:
        """Give up every request, waiting or running."""
