"""Takes a picture of every kind of page, light, dark and on a phone, to look at: `python -m tools.screenshots --out DIR`,
with `--language en zh-hans` in both languages; `--guide docs/pictures --readme docs/screenshots` takes those of the documentation.

Without --url a throw-away studio is started and two examples taken through it, one that is sorted and one that is
answered word by word. Pages are found by following links: one of each kind, where a kind is an address with its ids left
out; of apps, one of each type.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from examples import get_example, list_examples
from examples.tour import Tour, first_question
from launcher.throwaway import throwaway_studio
from tools.browser import find_or_install_browser
from workers.contracts.tasks import TASKS

OWNER, PASSWORD = "olga@example.com", "a password for pictures"
EXAMPLES = (get_example("support_tickets"), get_example("library_help_desk"))
QUESTIONS = {example.title: first_question(example) for example in list_examples()}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
SKIPPED = re.compile(
    r"^/(a|admin|static|accounts/logout)/|\.\w+$|/(source|again|export|folder|schema|file|csv|jsonl)/$"
)
IN_README = "/evaluations/comparisons/*/"
IN_GUIDE = {
    "home": "/",
    "upload": "/data/new/",
    "dataset": "/data/*/",
    "train": "/runs/new/",
    "review": "/runs/preflights/*/",
    "run": "/runs/*/",
    "model": "/models/*/",
    "app": "/apps/*/",
    "members": "/workspace/",
    "console": "/console/",
}
"""Pictures of the documentation: name and kind of page."""
SETTLED_MS = 400
"""Charts and fonts draw after the page has loaded."""
LOOKS = {
    "light": {"theme": "light", "width": 1280, "height": 800},
    "dark": {"theme": "dark", "width": 1280, "height": 800},
    "phone": {"theme": "light", "width": 390, "height": 844},
}
LANGUAGES = ("en", "zh-hans")


@dataclass(frozen=True)
class Place:
    """Where the studio is, and who looks at it."""

    url: str
    email: str
    password: str
    languages: tuple[str, ...] = ("en",)


@contextmanager
def prepared_studio(
    browser: Browser, out: Path | None, languages: tuple[str, ...], *, thorough: bool
) -> Iterator[Place]:
    """A throw-away studio, its first visit pictured, in which the examples were then imported, trained, evaluated and
    published: in a minute each, or the first of them `thorough`ly, with the wizard's defaults."""
    length, size = ("standard", "small") if thorough else ("quick", "tiny")
    with throwaway_studio({"BOOTSTRAP_PASSWORD": PASSWORD}) as studio:
        place = Place(studio.url, OWNER, PASSWORD, languages)
        if out:
            first = {"/not_set_up/": "/", "/setup/": f"/setup/?token={studio.setup_token}"}
            take(browser, place, None, first, out)
        arguments = ["--owner", OWNER, "--name", "Olga Owner", "--workspace", "City library"]
        made = json.loads(studio.manage("bootstrap", *arguments, "--token", "--json"))
        say = lambda step: print(f"{step.name:10} {step.text}", flush=True)  # noqa: E731
        for example in EXAMPLES[:1] if thorough else EXAMPLES:
            base = f"starter:{TASKS[example.task_type].families[0]}:{size}"
            Tour(studio.url, made["token"], length=length, base=base, say=say).take(example)
        yield place


def kind_of(path: str) -> str:
    """`/runs/3f2a…/` -> `/runs/*/`."""
    return ID.sub("*", path)


def sign_in(browser: Browser, place: Place) -> object:
    """The person's cookies."""
    context = browser.new_context(base_url=place.url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("input[type=email]").fill(place.email)
    page.locator("input[type=password]").fill(place.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    state = context.storage_state()
    context.close()
    return state


def find_pages(page: Page) -> dict[str, str]:
    """One address for each kind of page that links lead to, first found first."""
    found, waiting = {"/": "/"}, ["/"]
    while waiting:
        page.goto(waiting.pop(0))
        hrefs = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        for href in hrefs:
            parts = urlsplit(href)
            kind = kind_of(parts.path)
            if parts.netloc != urlsplit(page.url).netloc or kind in found or SKIPPED.search(parts.path):
                continue
            found[kind] = parts.path + (f"?{parts.query}" if parts.query else "")
            waiting.append(found[kind])
    return found


def find_apps(page: Page) -> dict[str, str]:
    """A share link of each type of app, as `/a/<type>/`."""
    page.goto("/apps/")
    found = {}
    for app in page.eval_on_selector_all("a.app-card", "links => links.map(link => link.href)"):
        page.goto(app)
        link = page.locator("#share input[readonly]")
        if link.count():
            page.goto(link.first.input_value())
            kind = page.locator(".app").get_attribute("class") or ""
            found[f"/a/{kind.rsplit('app-', 1)[-1]}/"] = urlsplit(page.url).path
    return found


def take(browser: Browser, place: Place, state: Any, pages: dict[str, str], out: Path) -> None:
    """One picture for each page, look and language."""
    for language in place.languages:
        for look, shape in LOOKS.items():
            size = {"width": shape["width"], "height": shape["height"]}
            context = browser.new_context(base_url=place.url, storage_state=state, viewport=size)
            context.add_init_script(f"localStorage.setItem('theme', '{shape['theme']}')")
            context.add_cookies([{"name": "django_language", "value": language, "url": place.url}])
            page = context.new_page()
            for kind, address in pages.items():
                page.goto(address)
                if kind.startswith("/a/"):
                    ask(page)
                name = kind.strip("/").replace("/", "_").replace("*", "one") or "home"
                picture(page, out / f"{name}-{look}{'' if language == 'en' else f'-{language}'}.png")
            context.close()


def picture(page: Page, path: Path) -> None:
    """The whole page as it is now; says so where it is wider than the window."""
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=path, full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    print(f"{path.stem}{f': {wide} pixels too wide' if wide > 0 else ''}", flush=True)


def ask(page: Page) -> None:
    """What the app's example begins with, so that the page shows an answer, streamed to its end."""
    page.locator("#text").fill(QUESTIONS.get(page.locator("h1").inner_text(), "Good morning."))
    page.locator("#send").click()
    page.locator(".figures:not(:empty), #bars li").first.wait_for()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder for pictures of every page")
    parser.add_argument(
        "--guide", type=Path, help="folder for the pictures of the documentation; trains thoroughly"
    )
    parser.add_argument("--readme", type=Path, help="folder for the picture of the README; trains thoroughly")
    parser.add_argument("--url", help="a running studio; its password is read from SCREENSHOTS_PASSWORD")
    parser.add_argument("--email", default=OWNER, help="who signs in there")
    parser.add_argument(
        "--language", choices=LANGUAGES, nargs="+", default=("en",), help="languages of the pages"
    )
    chosen = parser.parse_args()
    languages = tuple(chosen.language)
    folders = [folder for folder in (chosen.out, chosen.guide, chosen.readme) if folder]
    if not folders:
        parser.error("Name a folder with --out, --guide or --readme")
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=find_or_install_browser(), args=options)
        studio = (
            there(chosen.url, chosen.email, languages)
            if chosen.url
            else prepared_studio(browser, chosen.out, languages, thorough=bool(chosen.readme or chosen.guide))
        )
        with studio as place:
            state = sign_in(browser, place)
            if chosen.readme:
                picture_readme(browser, place, state, chosen.readme)
            if chosen.guide:
                picture_guide(browser, place, state, chosen.guide)
            if chosen.out:
                take_all(browser, place, state, chosen.out)
        browser.close()
    return 0


@contextmanager
def there(url: str, email: str, languages: tuple[str, ...]) -> Iterator[Place]:
    """A studio that runs already."""
    yield Place(url.rstrip("/"), email, os.environ["SCREENSHOTS_PASSWORD"], languages)


@contextmanager
def opened(browser: Browser, place: Place, state: Any, width: int, height: int) -> Iterator[Page]:
    """A page of the signed-in person, in light colours."""
    context = browser.new_context(
        base_url=place.url, storage_state=state, viewport={"width": width, "height": height}
    )
    context.add_init_script("localStorage.setItem('theme', 'light')")
    yield context.new_page()
    context.close()


def take_all(browser: Browser, place: Place, state: Any, out: Path) -> None:
    take(browser, place, None, {"/accounts/login/": "/accounts/login/"}, out)
    with opened(browser, place, state, 1200, 760) as page:
        pages = {**find_pages(page), **find_apps(page), "/missing/": "/missing/"}
    take(browser, place, state, pages, out)


def picture_guide(browser: Browser, place: Place, state: Any, folder: Path) -> None:
    """The pages that the documentation shows, as WebP: Chromium writes it, Playwright has no option for it."""
    with opened(browser, place, state, 1440, 900) as page:
        pages = find_pages(page)
        chromium = page.context.new_cdp_session(page)
        for name, kind in IN_GUIDE.items():
            if kind not in pages:
                print(f"{name}: the studio has no page {kind}", flush=True)
                continue
            page.goto(pages[kind])
            page.wait_for_timeout(SETTLED_MS)
            taken = chromium.send("Page.captureScreenshot", {"format": "webp", "quality": 70})
            (folder / f"{name}.webp").write_bytes(base64.b64decode(taken["data"]))


def picture_readme(browser: Browser, place: Place, state: Any, folder: Path) -> None:
    """What the README shows, as far as a screen shows it."""
    with opened(browser, place, state, 1200, 760) as page:
        page.goto(find_pages(page)[IN_README])
        page.wait_for_timeout(SETTLED_MS)
        page.screenshot(path=folder / "comparison.png")


if __name__ == "__main__":
    sys.exit(main())
