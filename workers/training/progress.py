"""Progress of a whole job out of its phases, repeated while nothing new is known: a silent child looks dead."""

import threading
import time
from types import TracebackType
from typing import Any

from workers.contracts.texts import Text
from workers.runtime.reporter import Reporter

_REPEAT_SECONDS = 4.0


class Phases:
    """A context: within it, the last progress is sent again every few seconds from a thread of its own."""

    def __init__(self, reporter: Reporter, ends: dict[Text, float]) -> None:
        """`ends` maps each phase, in order, to the share of the whole job that is over when it ends."""
        self._reporter = reporter
        self._ends = ends
        self._begins = dict(zip(ends, [0.0, *ends.values()], strict=False))
        self._phase = next(iter(ends))
        self._last: dict[str, Any] = {"phase": self._phase, "fraction": 0.0}
        self._sent = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __enter__(self) -> "Phases":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def begin(self, phase: Text) -> None:
        """Enter a phase; raises StopRequested only through what the caller does with `check`."""
        self._phase = phase
        self.at(0)

    def note(self, phase: Text) -> None:
        """Name what is done meanwhile, and leave the bar where it is."""
        self._last = {"phase": phase}
        self._send()

    def at(
        self,
        done: float,
        total: float | None = None,
        *,
        share: float | None = None,
        seconds_left: float | None = None,
    ) -> None:
        """`done` of `total` units of this phase are over; `share`, where given, says how much of it that is."""
        begins, ends = self._begins[self._phase], self._ends[self._phase]
        if share is None:
            share = done / total if total else 0.0
        self._last = {
            "phase": self._phase,
            "done": done,
            "total": total,
            "fraction": begins + (ends - begins) * min(1.0, share),
            "seconds_left": seconds_left,
        }
        self._send()

    def check(self, done: float, total: float | None = None) -> None:
        """Like `at`, for work that has nothing worth keeping: raises StopRequested when told to stop."""
        self._reporter.raise_if_stopping()
        self.at(done, total)

    def _send(self) -> None:
        self._sent = time.monotonic()
        self._reporter.progress(**self._last)

    def _repeat(self) -> None:
        while not self._over.wait(1.0):
            if time.monotonic() - self._sent >= _REPEAT_SECONDS:
                self._send()
