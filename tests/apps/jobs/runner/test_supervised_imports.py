"""Imports are held to their time and to their share of the memory, and wait where it has no room for them."""

import os
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings

from apps.jobs import stopping
from apps.jobs.models import Job
from apps.jobs.runner import import_slots, supervisor
from apps.jobs.states import State
from tests.apps.jobs.runner.supervising import SECONDS_TO_WAIT, fresh, in_background, supervised, wait_until
from workers.contracts.events import STARTING, WAITING_FOR_MEMORY
from workers.contracts.job_kinds.importing import IMPORT
from workers.shared import memory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_child")]


@pytest.fixture
def _short_imports(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    settings.IMPORT_MAX_MINUTES = 1 / 60
    monkeypatch.setattr(supervisor, "_OVERTIME_SECONDS", 0.5)


@pytest.mark.usefixtures("_short_imports")
def test_an_import_that_outstays_its_time_is_ended_although_it_does_not_look_at_the_clock(make_job) -> None:
    began = time.monotonic()
    done = supervised(make_job("hang", kind=IMPORT))
    assert (done.state, done.error_code, done.error_field) == (State.FAILED, "too_slow", "source")
    assert time.monotonic() - began > 1.5, "its own time and the overtime"


@pytest.mark.usefixtures("_short_imports")
def test_a_run_has_no_such_limit(make_job) -> None:
    assert supervised(make_job("slow", 6)).state == State.SUCCEEDED


def test_an_import_may_look_at_the_clock_a_little_late(make_job, settings) -> None:
    settings.IMPORT_MAX_MINUTES = 1 / 60
    assert supervised(make_job("slow", 3, IMPORT)).state == State.SUCCEEDED


@pytest.mark.parametrize(("together", "at_once", "each"), [(4096, 2, 2048), (4096, 3, 1365), (0, 1, None)])
def test_an_import_is_held_to_its_share_of_the_memory(
    make_job, settings, together: int, at_once: int, each: int | None
) -> None:
    settings.IMPORT_MEMORY_MB, settings.IMPORTS_AT_ONCE = together, at_once
    done = supervised(make_job("tell_memory", kind=IMPORT))
    share = memory.share(together, at_once).bytes
    assert each is None or share >> 20 == each
    assert f"told {share}, held to {share}" in _logged(done)


def test_a_run_is_held_to_no_share(make_job) -> None:
    assert any(line.startswith("told None, ") for line in _logged(supervised(make_job("tell_memory"))))


def _logged(job: Job) -> list[str]:
    return [event.data["text"]["text"] for event in job.events.filter(kind="log")]


@pytest.fixture
def one_import_at_a_time(settings) -> None:
    """A machine with memory for one import, though its worker has several threads."""
    settings.IMPORT_MEMORY_MB, settings.IMPORTS_AT_ONCE = 1024, 3


@pytest.mark.usefixtures("one_import_at_a_time")
def test_an_import_waits_for_the_memory_of_another(make_job, owner) -> None:
    first, second, stopped = (make_job("wait_for_stop", kind=IMPORT) for _ in range(3))
    threads = [in_background(first)]
    wait_until(lambda: fresh(first).phase == "working")
    threads += [in_background(second), in_background(stopped)]
    wait_until(lambda: fresh(second).phase == fresh(stopped).phase == WAITING_FOR_MEMORY)
    stopping.request_stop(actor=owner, job=stopped)
    wait_until(lambda: fresh(stopped).state == State.CANCELLED)
    assert fresh(second).phase == WAITING_FOR_MEMORY
    assert fresh(second).heartbeat_at is not None
    assert not list(Path(settings.WORK_DIR).glob(f"{second.pk}-*/spec.json")), "its child has not begun"
    stopping.request_stop(actor=owner, job=first)
    wait_until(lambda: fresh(second).phase == "working")
    assert fresh(first).is_ended
    stopping.request_stop(actor=owner, job=second)
    for thread in threads:
        thread.join(SECONDS_TO_WAIT)
    assert fresh(second).state == State.CANCELLED


@pytest.mark.usefixtures("one_import_at_a_time")
def test_an_import_that_waits_goes_back_to_the_queue_with_its_worker(make_job, monkeypatch) -> None:
    ending = threading.Event()
    monkeypatch.setattr(supervisor, "worker_is_ending", ending)
    job = make_job("finish", kind=IMPORT)
    taken = import_slots.take(Path(settings.WORK_DIR) / "places", 1)
    assert taken is not None
    thread = in_background(job)
    wait_until(lambda: fresh(job).phase == WAITING_FOR_MEMORY)
    ending.set()
    thread.join(SECONDS_TO_WAIT)
    assert fresh(job).state == State.QUEUED
    os.close(taken)


@pytest.mark.usefixtures("one_import_at_a_time")
def test_an_import_that_has_waited_starts_before_its_child_speaks(make_job, owner) -> None:
    job = make_job("say_nothing", kind=IMPORT)
    taken = import_slots.take(Path(settings.WORK_DIR) / "places", 1)
    assert taken is not None
    thread = in_background(job)
    wait_until(lambda: fresh(job).phase == WAITING_FOR_MEMORY)
    os.close(taken)
    wait_until(lambda: fresh(job).phase == STARTING)
    stopping.request_stop(actor=owner, job=job)
    thread.join(SECONDS_TO_WAIT)
    assert fresh(job).state == State.CANCELLED
