"""A run whose machine runs out of memory offers what would have saved it, and that saves it."""

from __future__ import annotations

import re
import resource
import sys
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from launcher.throwaway import Studio
from tests.fixtures.browser import start_button
from tests.fixtures.rest import Rest, wait_for

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of another process"),
]

TOKENS = 8192


def test_the_fix_of_a_run_that_ran_out_of_memory(
    shaken: Studio, signed_in: Any, rest: Rest, tickets: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    run = rest.start_run(tickets, "starter:classifier:tiny", max_steps=25, tokens_per_microbatch=TOKENS)
    wait_for(lambda: rest.read("runs", run)["job"]["phase"] == "training the model", "training the model")
    child = shaken.process_of("workers.training.run")
    bound = child.memory_info().vms // 2
    resource.prlimit(child.pid, resource.RLIMIT_AS, (bound, bound))
    failed = rest.wait("runs", run, state="failed")["job"]
    assert failed["error_code"] == "out_of_memory"
    assert failed["error_fix"]["recipe"] == {"tokens_per_microbatch": TOKENS // 2}

    page = open_page(shaken.url, signed_in)
    page.goto(f"/runs/{run['id']}/")
    assert page.get_by_text("The machine ran out of memory while training.").first.is_visible()
    page.get_by_role("button", name=f"Train with {TOKENS // 2} tokens per micro-batch").click()
    start_button(page).click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}/$"))
    assert run["id"] not in page.url
    again = {"id": page.url.rstrip("/").rsplit("/", 1)[-1]}
    done = rest.wait("runs", again)
    assert done["recipe"]["tokens_per_microbatch"] == TOKENS // 2
