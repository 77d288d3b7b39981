"""A disk that fills up: storage and work lie on a file system small enough to fill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.throwaway import Studio
from tests.faults.conftest import full
from tests.fixtures.browser import Complaints
from tests.fixtures.rest import Rest

pytestmark = pytest.mark.faults


@pytest.fixture
def disk(small_disk: Path | None) -> Path:
    if small_disk is None:
        pytest.skip("Only root may mount the small file system that this test fills.")
    return small_disk


def test_an_upload_says_that_the_disk_is_full_and_keeps_what_was_typed(
    shaken: Studio,
    disk: Path,
    signed_in: Any,
    open_page: Callable[..., Page],
    complaints: Complaints,
    tmp_path: Path,
) -> None:
    complaints.tolerate("status of 4(00|22)", "status of 507")
    letters = tmp_path / "letters.csv"
    letters.write_text("question,answer\n" + "".join(f"What is {n}?,It is {n * 3}.\n" for n in range(5000)))
    page = open_page(shaken.url, signed_in)
    page.goto("/data/new/")
    page.get_by_label("Name", exact=True).fill("Letters of May")
    page.get_by_label("Drop a file here, or choose one").set_input_files(letters)
    with full(disk):
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("#file-error")).to_contain_text("The disk is full")
        expect(page.get_by_label("Name", exact=True)).to_have_value("Letters of May")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()


def test_a_run_on_a_full_disk_says_so_and_can_be_taken_up_again(
    shaken: Studio,
    disk: Path,
    signed_in: Any,
    rest: Rest,
    tickets: dict[str, Any],
    open_page: Callable[..., Page],
) -> None:
    page = open_page(shaken.url, signed_in)
    preflight = rest.preflight(tickets, "starter:classifier:tiny", max_steps=20)
    with full(disk):
        run = rest.start(preflight)
        page.goto(f"/runs/{run['id']}/")
        expect(page.get_by_role("alert")).to_contain_text("The disk is full")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Compare with the base model")).to_be_visible()
