"""Every address that shows a page of the access matrix' world, and what is asked of a page: axe, Chinese, a phone's width."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, BrowserContext, Page

from apps.core.storage import storage
from apps.datasets.models import Import
from apps.workspaces.access.rules import Needs
from apps.workspaces.access.url_inventory import addresses
from tests.access.asking import own, path_of
from tests.access.readying import READY
from tests.access.world import World
from tests.apps.conftest import parquet
from tests.fixtures.axe import violations
from tests.fixtures.publishing import LiveSite

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
BLANK = re.compile(r"%\(\w+\)[.\d]*[a-z]|\{\w+(?::[^{}]*)?\}|%s")
SENTENCE = re.compile(r"[A-Z][\w’']*(?: [\w’'“”,:-]+){2,}[.?!…]")
"""What reads like an English sentence, whoever wrote it: Django and the libraries speak on these pages as well."""
STORED = {"Link for one person", "Hub token", "Paste a text to see its category."}
"""What rows keep in the language of whoever made them."""
PROGRAMS = ("api:", "admin:", "openid_connect")
"""Answers to programs, Django's own admin pages, the way to another site."""
FILES = (
    *(
        "datasets:source",
        "datasets:import_file",
        "datasets:version_file",
        "evaluation:file",
        "training:file",
        "training:folder",
        "evaluation:comparison_file",
        "catalog:download",
        "publishing:embed_script",
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


def pages(world: World) -> Iterator[tuple[str, str, str]]:
    """Name, path and person of every address that can be read in a browser."""
    for address in addresses():
        access_rule = address.access_rule
        if (
            access_rule is None
            or "GET" not in access_rule.needs
            or address.key.startswith(PROGRAMS + FILES)
            or "admin/" in address.route
        ):
            continue
        if address.key.endswith("_stream"):
            continue
        rule = access_rule.needs["GET"]
        outside = rule == Needs.LINK or address.key.startswith(UNLESS_SIGNED_IN)
        person = "anonymous" if outside else "administrator" if rule == Needs.ADMINISTRATOR else "owner"
        if address.key in READY:
            values = [str(value) for value in READY[address.key](world)]
        else:
            values = own(world, world.ours, address, person)
        if address.key == "datasets:import":
            give_rows(values[0])
        yield address.key, path_of(address, values), person


def cookies_of(client: Any, site: LiveSite) -> list[Any]:
    """What a browser needs to be the person of a Django test client."""
    return [{"name": name, "value": one.value, "url": site.url} for name, one in client.cookies.items()]


def confirm(client: Any) -> None:
    """Say again who it is, a moment ago: else pages that change an account ask first, and are not seen."""
    session = client.session
    said = {"method": "password", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [said]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()


def contexts(browser: Browser, site: LiveSite, world: World, **options: Any) -> dict[str, BrowserContext]:
    """A browser of each person."""
    found = {}
    for person in ("anonymous", "owner", "administrator"):
        if person != "anonymous":
            confirm(world.clients[person])
        found[person] = browser.new_context(base_url=site.url, reduced_motion="reduce", **options)
        found[person].add_cookies(cookies_of(world.clients[person], site))
    return found


def speak_chinese(context: BrowserContext, site: LiveSite) -> None:
    context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": site.url}])


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
    """What axe finds in both themes, with everything unfolded."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    return [f"{theme}: {wrong}" for theme in ("light", "dark") for wrong in violations(page, theme)]


def chinese(page: Page, english: list[re.Pattern[str]]) -> list[str]:
    """What is wrong with a page that should be in Chinese on a phone."""
    texts = set(page.evaluate(TEXTS)) - STORED
    found = [
        f"English: {text}"
        for text in texts
        if SENTENCE.fullmatch(text) or any(message.fullmatch(text) for message in english)
    ]
    if page.locator("html").get_attribute("lang") != "zh-hans":
        found.append("the page says that it is not in Chinese")
    return found + fits(page)


def fits(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{wide} pixels wider than the window"] if wide > 0 else []
