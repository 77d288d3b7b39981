"""From the scheduler's thread to the coroutines that wait: each request has a queue of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from workers.serving.hosted import HostedModel
from workers.serving.scheduler import Scheduler
from workers.serving.work import End, Event, Failure, Scores, Work


class Dispatcher:
    """Lives on one event loop. `died` is the scheduler's."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        threads: int = 0,
        died: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._queues: dict[Work, asyncio.Queue[Event]] = {}
        self.scheduler = Scheduler(self._deliver, threads=threads, died=died)

    @property
    def live(self) -> int:
        """Requests that have not ended."""
        return len(self._queues)

    def cancel_all(self) -> None:
        """End every request; each gets its End event."""
        for work in list(self._queues):
            work.cancelled = True
        self.scheduler.wake()

    async def run(self, hosted: HostedModel, work: Work) -> AsyncGenerator[list[Event], None]:
        """Submit a request and yield its events, all that are there at once, up to End or Scores.

        A Failure is raised as EngineError. Leaving early cancels the request.
        """
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._queues[work] = queue
        self.scheduler.submit(hosted.backend, work)
        over = False
        try:
            while not over:
                events = [await queue.get()]
                while not queue.empty():
                    events.append(queue.get_nowait())
                over = isinstance(events[-1], End | Scores | Failure)
                if isinstance(events[-1], Failure):
                    if len(events) > 1:
                        yield events[:-1]
                    raise events[-1].error
                yield events
        finally:
            del self._queues[work]
            if not over:
                work.cancelled = True
                self.scheduler.wake()

    async def finish(self, hosted: HostedModel, work: Work) -> list[Event]:
        """Run a request to its end and return all events. Raises EngineError."""
        return [event async for events in self.run(hosted, work) for event in events]

    def _deliver(self, events: list[tuple[Work, Event]]) -> None:
        # A closed loop means that the process is ending and nothing listens any more.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_out, events)

    def _hand_out(self, events: list[tuple[Work, Event]]) -> None:
        for work, event in events:
            if queue := self._queues.get(work):
                queue.put_nowait(event)
