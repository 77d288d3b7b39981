"""The loop that computes goes on, whatever happens to one model."""

import queue
from collections.abc import Callable, Iterator

import pytest

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
    running.stop(timeout=5)
    assert not running.is_alive


def _last(delivered: "queue.Queue[tuple[Work, Event]]", work: Work) -> Event:
    while True:
        found, event = delivered.get(timeout=20)
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
        work, event = delivered.get(timeout=20)
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
