"""A worker that stands still, a Redis that restarts, an engine that is gone: said so, waited for, nothing lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from playwright.sync_api import Page, expect

from examples import get_example
from launcher.private_redis import answers
from launcher.throwaway import Studio
from tests.fixtures.browser import Complaints
from tests.fixtures.rest import Rest, wait_for
from tests.fixtures.talkative import train_talkative

pytestmark = pytest.mark.faults


@contextmanager
def standing_still(process: psutil.Process) -> Iterator[None]:
    """The process gets no time on a processor meanwhile."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_a_run_says_that_it_waits_for_a_worker(
    shaken: Studio, signed_in: Any, rest: Rest, tickets: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(shaken.url, signed_in)
    with standing_still(shaken.process_of("celery", "-Q", "gpu")):
        run = rest.start_run(tickets, "starter:classifier:tiny", max_steps=20)
        page.goto(f"/runs/{run['id']}/")
        expect(page.get_by_text("waiting for a worker")).to_be_visible()
    expect(page.get_by_role("button", name="Compare with the base model")).to_be_visible()
    assert rest.read("runs", run)["job"]["attempt"] == 1


@pytest.mark.parametrize("remembers", [True, False], ids=["with its data", "empty"])
def test_a_redis_that_restarts_loses_no_job(
    shaken: Studio, rest: Rest, tmp_path: Path, remembers: bool
) -> None:
    path = tmp_path / "tickets.csv"
    path.write_bytes(get_example("support_tickets").path.read_bytes()[:20_000])
    address = shaken.note["environment"]["REDIS_URL"]
    with standing_still(shaken.process_of("celery", "-Q", "default")):
        imports = [rest.upload(path) for _ in range(4)]
        if not remembers:
            redis.Redis.from_url(address).flushall()
        server = shaken.process_of("redis-server")
        server.kill()
        wait_for(lambda: not server.is_running(), "the end of Redis")
        wait_for(lambda: answers(address), "a new Redis")
    for imported in imports:
        assert rest.wait("imports", imported)["job"]["attempt"] == 1


def test_an_app_whose_engine_is_gone_says_so_and_recovers(
    shaken: Studio, rest: Rest, tmp_path: Path, open_page: Callable[..., Page], complaints: Complaints
) -> None:
    run = train_talkative(rest, tmp_path)
    _, link = rest.publish(run["model_version"], confirm_verdict=True, name="Front desk", max_tokens=1200)
    page = open_page(shaken.url)
    page.goto(link)
    page.get_by_label("Your message").fill("When does Station Square open?")
    page.keyboard.press("Enter")
    answer = page.locator(".turn.assistant[data-message]")
    expect(answer.locator(".text")).not_to_be_empty()
    shaken.process_of("workers.serving.engine").kill()
    expect(answer.locator(".status")).to_contain_text("The model server is unavailable.")
    expect(answer.locator(".status")).to_contain_text("it reached the maximum length")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
