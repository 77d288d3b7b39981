"""What people bring that does not work: said in plain words, where it belongs, with nothing typed lost."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.throwaway import Studio
from tests.fixtures.browser import Complaints

pytestmark = pytest.mark.journey


def png() -> bytes:
    """A grey picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")


@pytest.fixture
def upload(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page], tmp_path: Path
) -> Callable[[str, bytes], Page]:
    """Send a file from the upload page; return the page that follows."""

    def send(name: str, content: bytes) -> Page:
        path = tmp_path / name
        path.write_bytes(content)
        page = open_page(studio.url, signed_in)
        page.goto("/data/new/")
        page.get_by_label("Name", exact=True).fill("Letters of May")
        page.get_by_label("Drop a file here, or choose one").set_input_files(path)
        page.get_by_role("button", name="Upload").click()
        return page

    return send


def test_an_empty_file(upload: Callable[[str, bytes], Page], complaints: Complaints) -> None:
    complaints.tolerate("status of 422")
    page = upload("empty.csv", b"")
    expect(page.locator("#file-error")).to_contain_text("empty")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Letters of May")


def test_a_picture_named_csv(upload: Callable[[str, bytes], Page], complaints: Complaints) -> None:
    complaints.tolerate("status of 422")
    page = upload("letters.csv", png())
    expect(page.get_by_role("alert").filter(has_text="PNG")).to_be_visible()


def test_a_file_without_the_needed_column(upload: Callable[[str, bytes], Page]) -> None:
    rows = "\n".join(f"{number},{number * 7 % 31}" for number in range(60))
    page = upload("numbers.csv", f"id,amount\n{rows}\n".encode())
    expect(page.get_by_role("heading", name="What is in this file?")).to_be_visible()
    page.get_by_role("radio", name="Classification").check()
    page.get_by_role("button", name="Confirm columns").click()
    expect(page.get_by_text("Choose which column is")).to_be_visible()
    expect(page.get_by_role("radio", name="Classification")).to_be_checked()


def test_three_rows_only(upload: Callable[[str, bytes], Page], complaints: Complaints) -> None:
    complaints.tolerate("status of 422")
    page = upload("short.csv", b"question,answer\nHow?,So.\nWhy?,Because.\nWhen?,Now.\n")
    page.get_by_role("button", name="Confirm columns").click()
    expect(page.get_by_role("alert")).to_contain_text("Usable rows: 3. At least 20 are needed")


def test_a_row_of_two_megabytes(upload: Callable[[str, bytes], Page]) -> None:
    rows = [f"What is number {number}?,It is {number * 3}.\n" for number in range(40)]
    rows.insert(20, f"Long?,{'la ' * 700_000}\n")
    page = upload("long.csv", ("question,answer\n" + "".join(rows)).encode())
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    expect(page.get_by_text("1 row could not be read")).to_be_visible()
    expect(page.get_by_text("line 22")).to_be_visible()


@pytest.mark.parametrize("location", ["nobody/no-such-model"])
def test_a_hub_that_cannot_be_reached(
    studio: Studio,
    signed_in: Any,
    tickets: dict[str, Any],
    location: str,
    open_page: Callable[..., Page],
) -> None:
    page = open_page(studio.url, signed_in)
    page.goto("/models/bases/new/")
    page.get_by_label("Hub id or folder").fill(location)
    page.get_by_label("Kind of model").select_option("classifier")
    page.get_by_role("button", name="Add base model").click()
    page.goto(f"/runs/new/?data={tickets['id']}")
    page.get_by_role("radio", name="no-such-model").check()
    page.get_by_role("button", name="Review run").click()
    expect(page.get_by_role("alert")).to_contain_text("Hub")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
