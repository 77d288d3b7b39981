"""The loop that computes goes on, whatever happens to one model."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fixtures.patience import PATIENCE_SECONDS
from workers.contracts.engine import Sampling
from workers.serving.backends.slots import SlotBackend
from workers.serving.hosted import HostedModel
from workers.serving.scheduler import Scheduler
from workers.serving.work import End, Event, Failure, Generation, Work

Host = Callable[..., HostedModel]


@pytest.fixture
def delivered() -> "queue.Queue[tuple[Work, Event]]":
    return queue.Queue()


@pytest.fixture
def scheduler(delivered: "queue.Queue[tuple[Work, Event]]") -> Iterator[Scheduler]:
    running = Scheduler(lambda events: [delivered.put(pair) for pair in events] and None)
    running.start()
    yield running
    running.stop(timeout=PATIENCE_SECONDS)
    assert not running.is_alive


def _last(delivered: "queue.Queue[tuple[Work, Event]]", work: Work) -> Event:
    while True:
        found, event = delivered.get(timeout=PATIENCE_SECONDS)
        if found is work and isinstance(event, End | Failure):
            return event


def _request() -> Generation:
    return Generation([5, 6, 7], sampling=Sampling(temperature=0), max_new_tokens=6)


def test_two_models_take_turns(host: Host, scheduler: Scheduler, delivered: queue.Queue) -> None:
    backends = [host("llama").backend, host("bart").backend]
    works = [_request(), _request()]
    for backend, work in zip(backends, works, strict=True):
        scheduler.add(backend)
        scheduler.submit(backend, work)
    ends = {}
    while len(ends) < 2:
        work, event = delivered.get(timeout=PATIENCE_SECONDS)
        if isinstance(event, End):
            ends[work] = event
    assert set(ends.values()) == {End("length")}


def test_a_bug_in_a_backend_fails_its_requests_and_the_loop_goes_on(
    host: Host, scheduler: Scheduler, delivered: queue.Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = host("llama").backend
    scheduler.add(backend)

    def broken(self: SlotBackend) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(SlotBackend, "_sweep", broken)
        lost = _request()
        scheduler.submit(backend, lost)
        failure = _last(delivered, lost)
    assert isinstance(failure, Failure)
    assert failure.error.code == "engine_error"
    served = _request()
    scheduler.submit(backend, served)
    assert _last(delivered, served) == End("length")


def test_a_removed_model_is_no_longer_computed(
    host: Host, scheduler: Scheduler, delivered: queue.Queue
) -> None:
    backend = host("llama").backend
    scheduler.add(backend)
    work = _request()
    scheduler.submit(backend, work)
    assert _last(delivered, work) == End("length")
    scheduler.remove(backend)
    scheduler.submit(backend, _request())
    with pytest.raises(queue.Empty):
        delivered.get(timeout=0.3)


def test_a_request_that_cannot_be_taken_in_fails_alone(
    host: Host, scheduler: Scheduler, delivered: queue.Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = host("llama").backend
    scheduler.add(backend)
    bad, good = _request(), _request()
    take = SlotBackend.submit

    def submit(self: SlotBackend, work: Work) -> None:
        if work is bad:
            raise RuntimeError("a bug")
        take(self, work)

    monkeypatch.setattr(SlotBackend, "submit", submit)
    scheduler.submit(backend, bad)
    scheduler.submit(backend, good)
    failure = _last(delivered, bad)
    assert isinstance(failure, Failure)
    assert failure.error.code == "engine_error"
    assert _last(delivered, good) == End("length")


def test_an_order_that_makes_no_sense_is_passed_over(
    host: Host, scheduler: Scheduler, delivered: queue.Queue
) -> None:
    backend = host("llama").backend
    scheduler.remove(backend)
    scheduler.add(backend)
    work = _request()
    scheduler.submit(backend, work)
    assert _last(delivered, work) == End("length")


def test_when_the_thread_dies_somebody_is_told(host: Host) -> None:
    told = threading.Event()

    def broken(events: list[tuple[Work, Event]]) -> None:
        raise RuntimeError("nobody listens")

    scheduler = Scheduler(broken, died=told.set)
    scheduler.start()
    backend = host("llama").backend
    scheduler.add(backend)
    # The end of the first one cannot be delivered, and then neither can the failure of the second.
    for tokens in (6, 60):
        work = Generation([5, 6, 7], sampling=Sampling(temperature=0), max_new_tokens=tokens)
        scheduler.submit(backend, work)
    assert told.wait(PATIENCE_SECONDS)
    scheduler.stop(timeout=PATIENCE_SECONDS)
    assert not scheduler.is_alive


DIES = """
from workers.serving.scheduler import Scheduler
from workers.serving.engine import main

def die(self, *, wait):
    self._inbox.get()
    raise RuntimeError("a bug")

Scheduler._take_orders = die
start = Scheduler.start
Scheduler.start = lambda self: (start(self), self.wake())
main()
"""


def test_the_engine_ends_with_the_thread_so_that_it_is_started_again(tmp_path: Path) -> None:
    environment = os.environ | {
        "STORAGE_URL": f"file://{tmp_path}",
        "ENGINE_KEY": "key",
        "ENGINE_PORT": "0",
        "DATA_DIR": str(tmp_path),
    }
    ended = subprocess.run([sys.executable, "-c", DIES], env=environment, capture_output=True, timeout=120)
    assert ended.returncode == 1
    assert b"thread that computes has died" in ended.stderr
