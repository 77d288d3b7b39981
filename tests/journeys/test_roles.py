"""Choosing what a file teaches, by mouse and by keyboard: the task fills the roles, and the page says what the server says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.throwaway import Studio
from tests.fixtures.browser import Complaints
from tests.fixtures.keyboard import Keyboard

pytestmark = pytest.mark.journey

FAQ = "id,Question,Answer,topic\n" + "".join(
    f"{n},How do I do thing {n}?,{('Ask the desk.', 'Open the app.', 'Call us.')[n % 3]},{'ab'[n % 2]}\n"
    for n in range(60)
)


@pytest.fixture
def faq(studio: Studio, signed_in: Any, open_page: Callable[..., Page], tmp_path: Path) -> Page:
    """The proposal for a table of questions with three answers that repeat."""
    path = tmp_path / "faq.csv"
    path.write_text(FAQ)
    page = open_page(studio.url, signed_in)
    page.goto("/data/new/")
    page.get_by_label("Drop a file here, or choose one").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    return page


def roles(page: Page) -> dict[str, str]:
    """Role by column, as the page's selects have it; columns that are not used are left out."""
    selects = page.locator("select[data-column]").all()
    chosen = {str(select.get_attribute("data-column")): select.input_value() for select in selects}
    return {column: role for column, role in chosen.items() if role != "ignore"}


def test_choosing_a_task_fills_the_roles(faq: Page, complaints: Complaints) -> None:
    left_out = faq.locator("[data-left-out] li:visible")
    expect(faq.get_by_role("radio", name="Chat")).to_be_checked()
    assert roles(faq) == {"Question": "input", "Answer": "target"}
    expect(left_out).to_have_text(["id (an identifier)", "topic (another label)"])

    faq.get_by_role("radio", name="Classification").check()
    assert roles(faq) == {"Question": "input", "topic": "label"}
    expect(left_out).to_have_text(["id (an identifier)", "Answer (another answer)"])

    faq.get_by_label("topic", exact=True).select_option("Not used")
    expect(left_out).to_have_count(3)
    said = faq.locator("[data-missing]")
    expect(said).to_have_text("Choose which column is “Label”, above the sample rows.")
    complaints.tolerate("status of 422")
    faq.evaluate(
        "document.querySelector('[data-roles]').submit()"
    )  # as without the script: the server answers
    expect(faq.get_by_role("alert").filter(has_text="Choose which column is “Label”")).to_be_visible()
    assert roles(faq) == {"Question": "input"}

    faq.get_by_label("topic", exact=True).select_option("Label")
    faq.get_by_label("Answer", exact=True).select_option("Label")
    expect(said).to_contain_text("Two columns are “Label”")
    faq.get_by_role("button", name="Confirm columns").click()
    expect(faq.get_by_role("heading", name="Check the columns")).to_be_visible()


def test_choosing_a_task_by_keyboard_and_confirming(faq: Page) -> None:
    keys = Keyboard(faq)
    keys.choose(faq.get_by_role("radio", name="Instructions"))
    assert roles(faq) == {"Question": "input", "Answer": "target"}
    keys.go_to(faq.get_by_label("topic", exact=True))
    keys.press("T")
    assert roles(faq) == {"Question": "input", "Answer": "target", "topic": "context"}
    keys.choose(faq.get_by_role("radio", name="Chat"))
    assert roles(faq) == {"Question": "input", "Answer": "target"}, "chat has no such role"
    keys.activate(faq.get_by_role("button", name="Confirm columns"))
    expect(faq.get_by_role("link", name="Train a model")).to_be_visible()
