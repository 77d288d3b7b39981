"""Every address that shows a page, with something on it: axe in both themes, and Chinese on a phone.

The addresses are those of the access table, so that a new page is here without being listed; the rows are the world of
the access matrix, behind a real server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, BrowserContext, Page

from apps.core.storage import storage
from apps.datasets.models import Import
from tests.access.asking import own, path_of
from tests.access.readying import READY
from tests.access.world import World, build_world
from tests.apps.conftest import parquet
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import PHONE, Complaints
from tests.fixtures.publishing import LiveSite

pytestmark = pytest.mark.journey

CATALOGUE = Path(__file__).resolve().parents[2] / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
TEXTS = """() => {
    const found = new Set([document.title]);
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
        const inside = nodes.currentNode.parentElement;
        if (!inside.closest("script, style, noscript, code, pre, template, .pre-wrap, .cell, [lang]:not(html)"))
            found.add(nodes.currentNode.textContent.trim().replace(/\\s+/g, " "));
    }
    for (const name of ["title", "aria-label", "placeholder", "data-label", "data-confirm", "alt"])
        for (const element of document.querySelectorAll(`[${name}]`)) found.add(element.getAttribute(name).trim());
    return [...found].filter((text) => /[a-z]{2}/.test(text));
}"""
BLANK = re.compile(r"%\(\w+\)[.\d]*[a-z]|\{\w+\}|%s")
STORED = {"Link for one person", "Hub token", "Paste a text and see where it belongs."}
"""What rows keep in the language of whoever made them."""
PROGRAMS = ("api:", "admin:", "openid_connect")
"""Answers to programs, Django's own admin pages, the way to another site."""
FILES = (
    *(
        "datasets:source",
        "datasets:import_rejected",
        "datasets:kept",
        "datasets:rejected",
        "catalog:download",
    ),
    *("workspaces:audit_export", "mfa_download"),
)
UNLESS_SIGNED_IN = (
    "account_login",
    "account_signup",
    "account_reset",
    "account_confirm",
    "account_email_v",
    "home:set_up",
)


def messages() -> list[re.Pattern[str]]:
    """Every English text of at least two words, as an expression of what it looks like with its blanks filled in."""
    with CATALOGUE.open("rb") as file:
        ids = [one.id for one in read_po(file, locale="zh_Hans") if one.id and one.id != one.string]
    texts = [text for one in ids for text in (one if isinstance(one, tuple) else (one,))]
    wordy = [text for text in texts if len(re.findall(r"[A-Za-z]{2,}", BLANK.sub("", text))) > 1]
    return [re.compile(".+".join(map(re.escape, BLANK.split(text)))) for text in wordy]


@pytest.fixture
def _beside_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loop runs in this thread, where Django would refuse to be asked."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def site(_beside_playwright: None, transactional_db: None, engine: Any) -> Iterator[LiveSite]:
    """With its static files, which elsewhere the set-up collects."""
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
    from django.core.asgi import get_asgi_application

    with LiveSite(ASGIStaticFilesHandler(get_asgi_application())) as running:
        yield running


def pages(world: World) -> Iterator[tuple[str, str, str]]:
    """Name, path and person of every address that can be read in a browser."""
    from apps.workspaces.access_table import Needs
    from apps.workspaces.doors import addresses

    for address in addresses():
        door = address.door
        if (
            door is None
            or "GET" not in door.needs
            or address.key.startswith(PROGRAMS + FILES)
            or "admin/" in address.route
        ):
            continue
        if address.key.endswith(("_stream", "openai_models")):
            continue
        rule = door.needs["GET"]
        outside = rule == Needs.LINK or address.key.startswith(UNLESS_SIGNED_IN)
        person = "anonymous" if outside else "administrator" if rule == Needs.ADMINISTRATOR else "owner"
        if address.key in READY:
            values = [str(value) for value in READY[address.key](world)]
        else:
            values = own(world, world.ours, address, person)
        if address.key == "datasets:import":
            give_rows(values[0])
        yield address.key, path_of(address, values), person


def contexts(browser: Browser, site: LiveSite, world: World, **options: Any) -> dict[str, BrowserContext]:
    """A browser of each person."""
    found = {}
    for person in ("anonymous", "owner", "administrator"):
        found[person] = browser.new_context(base_url=site.url, reduced_motion="reduce", **options)
        cookies = world.clients[person].cookies
        found[person].add_cookies(
            [{"name": name, "value": one.value, "url": site.url} for name, one in cookies.items()]
        )
    return found


def is_page(context: BrowserContext, path: str) -> bool:
    """Not an answer to a script, not a part of a page."""
    answer = context.request.get(path)
    is_html = "text/html" in answer.headers.get("content-type", "")
    return is_html and "<!doctype html>" in answer.text()[:2000].lower()


def give_rows(import_id: str) -> None:
    """The rows that the ready import of the world was read from."""
    found = Import.objects.get(pk=import_id)
    table = pa.table({"__line": pa.array([2, 3], pa.int64()), "text": ["a", "b"], "label": ["x", "y"]})
    storage().write(f"{found.rows_key}/rows.parquet", iter([parquet(table)]))
    storage().write(f"{found.rows_key}/.published", iter([b"{}"]))


def axe(page: Page) -> list[str]:
    return [f"{theme}: {wrong}" for theme in ("light", "dark") for wrong in violations(page, theme)]


def chinese(page: Page, english: list[re.Pattern[str]]) -> list[str]:
    """What is wrong with a page that should be in Chinese on a phone."""
    texts = set(page.evaluate(TEXTS)) - STORED
    found = [f"English: {text}" for text in texts if any(message.fullmatch(text) for message in english)]
    if page.locator("html").get_attribute("lang") != "zh-hans":
        found.append("the page says that it is not in Chinese")
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("scrolls sideways on a phone")
    return found


def test_every_page(site: LiveSite, browser: Browser) -> None:
    world = build_world()
    wide = contexts(browser, site, world)
    phone = contexts(browser, site, world, viewport=PHONE)
    english = messages()
    complaints = Complaints()
    complaints.tolerate("status of 40[0-9]", "WebSocket", "status of 410")
    for person, context in wide.items():
        bring_axe(context)
        complaints.watch(context)
        phone[person].add_cookies([{"name": "django_language", "value": "zh-hans", "url": site.url}])
    opened = {name: (context.new_page(), phone[name].new_page()) for name, context in wide.items()}
    wrong: dict[str, list[str]] = {}
    seen = []
    for name, path, person in pages(world):
        if not is_page(wide[person], path):
            continue
        page, small = opened[person]
        page.goto(path)
        small.goto(path)
        seen.append(name)
        if found := axe(page) + chinese(small, english):
            wrong[f"{name} {path}"] = found
    for context in (*wide.values(), *phone.values()):
        context.close()
    assert not wrong, "\n".join(f"{page}\n    " + "\n    ".join(found) for page, found in wrong.items())
    assert len(seen) > 50
    assert not complaints.left()
