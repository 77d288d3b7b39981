"""A run whose worker or child is killed goes on from its last checkpoint, with nobody's help."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from launcher.throwaway import Studio
from tests.fixtures.rest import Rest, wait_for

pytestmark = pytest.mark.faults

STEPS, ROUNDS = 150, 15
VICTIMS = {"worker": ["celery", "-Q", "gpu"], "child": ["workers.training.run"]}


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_run_goes_on_from_its_checkpoint(
    shaken: Studio,
    signed_in: Any,
    rest: Rest,
    tickets: dict[str, Any],
    open_page: Callable[..., Page],
    victim: str,
) -> None:
    recipe = {"max_steps": STEPS, "validation_rounds": ROUNDS, "early_stopping_rounds": 0}
    run = rest.start_run(tickets, "starter:classifier:tiny", **recipe)

    def validated() -> list[int]:
        """Steps at which the chart has a validation loss."""
        points = rest.call("GET", f"runs/{run['id']}/metrics/")["points"]
        return [step for step, _epoch, values in points if "validation_loss" in values]

    wait_for(lambda: len(validated()) > 2, "validation rounds")
    shaken.process_of(*VICTIMS[victim]).kill()
    done = rest.wait("runs", run)

    assert done["job"]["attempt"] == 2
    assert done["result"]["steps"] == STEPS
    assert set(validated()) == set(range(STEPS // ROUNDS, STEPS + 1, STEPS // ROUNDS))
    log = open_page(shaken.url, signed_in).request.get(f"/jobs/{done['job']['id']}/log/").text()
    went_on = re.search(rf"Resuming from step (\d+) of {STEPS}", log)
    assert went_on, log
    assert int(went_on[1]) >= STEPS // ROUNDS
