"""The one thread that computes: it goes round the loaded models and brings each forward by a step.

One thread, not one per model: the processor's cores are shared by every model, and two thread pools on the same
cores slow both down.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

import torch

from workers.serving.backends.base import Backend, Deliver
from workers.serving.errors import engine_error
from workers.serving.work import Event, Failure, Piece, Work

logger = logging.getLogger(__name__)

_RATE_SECONDS = 10.0


class Scheduler:
    """Runs until `stop`. `deliver` gets every event, in order per request, on the scheduler's thread.

    `died` is called on that thread when it ends by an error: nothing is computed from then on.
    """

    def __init__(
        self, deliver: Deliver, *, threads: int = 0, died: Callable[[], None] = lambda: None
    ) -> None:
        self._deliver = deliver
        self._died = died
        self._threads = threads
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._backends: list[Backend] = []
        self._stopping = False
        self._tokens: deque[tuple[float, int]] = deque()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float | None = None) -> None:
        """End after the step in progress."""
        self._stopping = True
        self.wake()
        self._thread.join(timeout)

    def wake(self) -> None:
        """Have a look at flags that another thread has set, such as a request's `cancelled`."""
        self._inbox.put(lambda: None)

    def add(self, backend: Backend) -> None:
        self._inbox.put(lambda: self._backends.append(backend))

    def remove(self, backend: Backend) -> None:
        self._inbox.put(lambda: self._backends.remove(backend))

    def submit(self, backend: Backend, work: Work) -> None:
        self._inbox.put(lambda: self._take_in(backend, work))

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def tokens_per_second(self) -> float:
        """Pieces of text delivered over the last ten seconds, per second."""
        since = time.monotonic() - _RATE_SECONDS
        return sum(count for moment, count in list(self._tokens) if moment >= since) / _RATE_SECONDS

    def _run(self) -> None:
        try:
            self._compute()
        except BaseException:
            logger.critical("The thread that computes has died", exc_info=True)
            self._died()

    def _compute(self) -> None:
        if self._threads:
            torch.set_num_threads(self._threads)
        while not self._stopping:
            busy = [backend for backend in self._backends if backend.running or backend.waiting]
            self._take_orders(wait=not busy)
            for backend in busy:
                try:
                    backend.step(self._pass_on)
                except Exception as error:
                    # Backends tell their requests what failed; what gets here is a bug, and must not end the loop.
                    logger.exception("A step of %s failed outside its requests", backend.name)
                    backend.fail(engine_error(error), self._pass_on)

    def _take_orders(self, *, wait: bool) -> None:
        if wait:
            self._obey(self._inbox.get())
        while not self._inbox.empty():
            self._obey(self._inbox.get_nowait())

    def _obey(self, order: Callable[[], None]) -> None:
        try:
            order()
        except Exception:
            logger.exception("An order failed")

    def _take_in(self, backend: Backend, work: Work) -> None:
        try:
            backend.submit(work)
        except Exception as error:
            logger.exception("%s could not take a request", backend.name)
            self._pass_on([(work, Failure(engine_error(error)))])

    def _pass_on(self, events: list[tuple[Work, Event]]) -> None:
        if not events:
            return
        now = time.monotonic()
        self._tokens.append((now, sum(isinstance(event, Piece) for _, event in events)))
        while self._tokens[0][0] < now - _RATE_SECONDS:
            self._tokens.popleft()
        self._deliver(events)
