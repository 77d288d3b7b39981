"""Every page in Chinese, on a phone: no text of ours is left in English, and nothing makes the page scroll sideways."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from launcher.throwaway import Studio
from tests.fixtures.browser import PHONE, Complaints
from tests.fixtures.walk import Walk
from tests.journeys.pages import NO_PAGE, STARTS

pytestmark = pytest.mark.journey

CATALOGUE = Path(__file__).resolve().parents[2] / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
TEXTS = """() => {
    const found = new Set();
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
        const inside = nodes.currentNode.parentElement;
        if (!inside.closest("script, style, code, pre, template, .pre-wrap, .cell, [lang]:not(html)"))
            found.add(nodes.currentNode.textContent.trim());
    }
    for (const element of document.querySelectorAll("[title], [aria-label], [placeholder], [data-label]"))
        for (const name of ["title", "aria-label", "placeholder", "data-label"])
            found.add((element.getAttribute(name) || "").trim());
    return [...found, document.title].filter((text) => /[a-z]{2}/.test(text));
}"""


def english_messages() -> list[re.Pattern[str]]:
    """Every text that has a translation, as an expression of what it looks like filled in."""
    with CATALOGUE.open("rb") as file:
        catalog = read_po(file, locale="zh_Hans")
    texts = [
        one
        for message in catalog
        if message.id
        for one in ([message.id] if isinstance(message.id, str) else message.id)
    ]
    wordy = [
        text for text in texts if len(re.findall(r"[a-z]{2,}", re.sub(r"%\(\w+\)[sd]|\{\w+\}", "", text))) > 1
    ]
    blank = re.compile(r"%\(\w+\)[.\d]*[a-z]|\{\w+\}|%s")
    return [re.compile(".+".join(map(re.escape, blank.split(text)))) for text in wordy]


def test_no_page_is_left_in_english(
    studio: Studio,
    signed_in: Any,
    story: dict[str, Any],
    talkative_link: str,
    open_page: Callable[..., Page],
    complaints: Complaints,
) -> None:
    complaints.tolerate("status of 40[34]")
    english = english_messages()

    def look(page: Page) -> list[str]:
        found = [text for text in page.evaluate(TEXTS) if any(message.fullmatch(text) for message in english)]
        if page.locator("html").get_attribute("lang") != "zh-hans":
            found.append("the page says that it is in another language")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append("scrolls sideways")
        return found

    inside = open_page(studio.url, signed_in, viewport=PHONE)
    outside = open_page(studio.url, viewport=PHONE)
    for page in (inside, outside):
        page.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": studio.url}])
    walk = Walk(inside, look, NO_PAGE)
    walk.all_from(*(start.format(**story) for start in STARTS))
    visits = Walk(outside, look, NO_PAGE)
    for address in ("/accounts/login/", story["link"], talkative_link, "/a/nowhere/"):
        visits.open(address, address)
    assert walk.wrong | visits.wrong == {}
    assert len(walk.seen) > 30
