"""A file of one's own: mended by hand, trained from the keyboard alone, stopped in the middle."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from launcher.throwaway import Studio
from tests.fixtures.browser import start_button
from tests.fixtures.rest import Rest

pytestmark = pytest.mark.journey

QUEUES = {
    "账单": ("账单金额不对", "重复扣款", "需要发票"),
    "网络": ("上网很慢", "无线信号断断续续", "今天早上开始断网"),
    "搬家": ("下个月搬家", "换一个安装地址", "新房需要开通"),
}


def write_letters(path: Path) -> Path:
    """240 Chinese letters in GB18030 with a column that is called label, and holds the channel, and their queue."""
    chance = random.Random(7)
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["文本", "标签", "队列"])
        for number in range(240):
            queue = chance.choice(list(QUEUES))
            matter = chance.choice(QUEUES[queue])
            writer.writerow(
                [f"您好,第{number}号用户:{matter},请尽快处理。", chance.choice(["电话", "网页"]), queue]
            )
    return path


def press_until(page: Page, key: str, target: Locator) -> None:
    """Press a key until the keyboard is at `target`."""
    for _ in range(150):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{target} cannot be reached by {key}")


def test_a_chinese_file_is_mended_and_trained_by_keyboard(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page(studio.url, signed_in)
    page.goto("/")
    page.get_by_role("link", name="Upload your data").click()
    page.get_by_label("Drop a file here, or choose one").set_input_files(write_letters(tmp_path / "来信.csv"))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("请尽快处理")

    expect(page.get_by_role("radio", name="Classification")).to_be_checked()
    expect(page.get_by_label("文本", exact=True)).to_have_value("input")
    press_until(page, "Tab", page.get_by_label("标签", exact=True))
    page.keyboard.type("Not")
    press_until(page, "Tab", page.get_by_label("队列", exact=True))
    page.keyboard.type("Label")
    press_until(page, "Tab", page.get_by_role("button", name="Confirm columns"))
    page.keyboard.press("Enter")

    follow(page, page.get_by_role("link", name="Train a model"))
    press_until(page, "Tab", page.locator("input[name=base]:checked"))
    press_until(page, "ArrowDown", page.get_by_role("radio", name="Tiny starter"))
    press_until(page, "Tab", page.locator("input[name=length]:checked"))
    press_until(page, "ArrowUp", page.get_by_role("radio", name="Quick"))
    follow(page, page.get_by_role("button", name="Review run"))
    follow(page, start_button(page))
    expect(page.get_by_role("button", name="Compare with the base model")).to_be_visible()


def follow(page: Page, target: Locator) -> None:
    """Wait for a link or button, go there by keyboard, and press it."""
    expect(target).to_be_visible()
    press_until(page, "Tab", target)
    page.keyboard.press("Enter")


def test_another_file_after_one_that_was_given_up(
    studio: Studio, signed_in: Any, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    long, short = tmp_path / "long.csv", tmp_path / "short.csv"
    long.write_text("text,label\n" + "wrong,row\n" * 600_000)
    short.write_text("text,label\n" + "".join(f"The right row {n},{'ab'[n % 2]}\n" for n in range(30)))
    page = open_page(studio.url, signed_in)
    page.goto("/data/new/")
    page.route("**/1/", lambda route: None)  # its second part hangs
    page.get_by_label("Drop a file here, or choose one").set_input_files(long)
    with page.expect_request("**/1/"):
        page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_label("Drop a file here, or choose one").set_input_files(short)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("The right row 3")


def test_a_stopped_run_keeps_its_result(
    studio: Studio, signed_in: Any, rest: Rest, tickets: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    recipe = {"epochs": 40, "validation_rounds": 200, "early_stopping_rounds": 0}
    run = rest.start_run(tickets, "starter:classifier:tiny", **recipe)
    page = open_page(studio.url, signed_in)
    page.goto(f"/runs/{run['id']}/")
    expect(page.get_by_text("since step").first).to_be_visible()
    page.get_by_role("button", name="Stop and keep the best checkpoint").click()
    expect(page.get_by_text("A user stopped the run after")).to_be_visible()
    expect(page.get_by_role("button", name="Compare with the base model")).to_be_visible()
    assert rest.read("runs", run)["result"]["stopped"] == "user"
