"""Every address that shows a page, with something on it: axe in both themes, and Chinese on a phone.

The addresses are those of the access table, so that a new page is here without being listed; the rows are the world of
the access matrix, behind a real server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.datasets.models import Dataset
from apps.jobs.models import Job
from apps.publishing.models import App, ShareLink
from apps.training.models import Run
from apps.workspaces.access.rules import Needs
from apps.workspaces.access.url_inventory import addresses
from apps.workspaces.models import Workspace
from apps.workspaces.team.lifecycle import create_workspace
from tests.access.world import World, build_world
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import Complaints
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import (
    PROGRAMS,
    axe,
    chinese,
    confirm,
    contexts,
    cookies_of,
    is_page,
    messages,
    pages,
    speak_chinese,
)
from workers.contracts.texts import Text

pytestmark = pytest.mark.journey


@pytest.fixture(scope="session")
def browser(shell: Browser) -> Browser:
    return shell


THE_SAME = ("account_", "usersessions_", "home:set_up")
"""Pages that look in an empty workspace as in any."""
CONFIRM = "/accounts/reauthenticate/"
STATES = ("queued", "paused", "running", "stopping", "failed", "errored", "lost", "cancelled")
FAILURE = {
    "error_code": "out_of_memory",
    "error_message": Text("training.out_of_memory", advice=Text("jobs.fix_tokens_at_once", tokens=512)),
    "error_trace": "Traceback (most recent call last):\n  MemoryError",
}
POSTING = "form[method=post]"
ASKING = """forms => forms.map((form, index) => [index, form.action, [...form.querySelectorAll("input, textarea, select")]])
    .filter(([, , fields]) => fields.some((one) => one.required && one.type !== "hidden" && one.offsetParent !== null))
    .map(([index, action]) => [index, action])"""
"""Place and target of each form with a field that a person sees and has to fill in."""
EMPTY_AND_SEND = """form => {
    form.noValidate = true;
    for (const one of form.querySelectorAll("input, textarea, select")) {
        if (["checkbox", "radio"].includes(one.type)) one.checked = false;
        else if (one.type !== "hidden" && one.required) one.value = "";
    }
    form.submit();
}"""

SMALL_PHONE = {"width": 320, "height": 700}
NAMED = (App, Dataset, ModelVersion, Run, ShareLink, User, Workspace)
OUTSIDE = """() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    const within = ".card, .alert, main, .studio-nav", apart = ".table-responsive, pre, .visually-hidden, svg, .history";
    const found = [...document.querySelectorAll("body *")].filter((one) => {
        if (one.closest(apart) || !one.offsetParent || getComputedStyle(one).position === "absolute") return false;
        const around = one.parentElement.closest(within);
        return around && one.getBoundingClientRect().right > around.getBoundingClientRect().right + 1.5;
    });
    const wide = document.documentElement.scrollWidth - innerWidth;
    return [...(wide > 0 ? [`${wide} pixels wider than the window`] : []), ...found.slice(0, 4).map((one) => one.outerHTML.slice(0, 150))];
}"""
"""What lies outside the card that it is part of, with everything unfolded."""


@dataclass
class Looking:
    """Two browsers of one person: a wide one in English, and a phone in Chinese."""

    wide: dict[str, Page]
    small: dict[str, Page]
    english: list[re.Pattern[str]] = field(default_factory=messages)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def at(self, name: str, path: str, person: str) -> None:
        self.wide[person].goto(path)
        self.small[person].goto(path)
        if CONFIRM in self.wide[person].url and CONFIRM not in path and "reauthenticate" not in name:
            self.note(f"{name} {path}", ["another page was shown"])
        self.note(f"{name} {path}", axe(self.wide[person]) + self.wide[person].evaluate(OUTSIDE))
        self.note(f"{name} {path}", self.on_phone(self.small[person]) + self.small[person].evaluate(OUTSIDE))

    def leave(self, person: str) -> None:
        """A page that watches a job loads itself again when it ends, which would break off the way to the next one."""
        for pages_of in (self.wide, self.small):
            pages_of[person].goto("about:blank")

    def at_an_answer_to_nothing(self, name: str, path: str, person: str, number: int) -> None:
        """At what comes back when a form of the page is sent empty."""
        for page, judge in ((self.wide[person], axe), (self.small[person], self.on_phone)):
            page.goto(path)
            with page.expect_navigation():
                page.locator(POSTING).nth(number).evaluate(EMPTY_AND_SEND)
            self.note(f"{name} {path}, form {number}", judge(page))

    def on_phone(self, page: Page) -> list[str]:
        return chinese(page, self.english) + violations(page, only="layout")

    def note(self, name: str, found: list[str]) -> None:
        if found:
            self.wrong.setdefault(name, []).extend(found)

    def report(self) -> str:
        return "\n".join(f"{page}\n    " + "\n    ".join(found) for page, found in self.wrong.items())


@contextmanager
def looking(
    browser: Browser, site: LiveSite, people: dict[str, tuple[BrowserContext, BrowserContext]]
) -> Iterator[Looking]:
    """Fails where a page makes the browser complain."""
    complaints = Complaints()
    complaints.tolerate("status of 4[0-9][0-9]", "WebSocket")
    for wide, small in people.values():
        for context in (wide, small):
            bring_axe(context)
        complaints.watch(wide)
        speak_chinese(small, site)
    yield Looking(
        {name: wide.new_page() for name, (wide, _) in people.items()},
        {name: small.new_page() for name, (_, small) in people.items()},
    )
    for both in people.values():
        for context in both:
            context.close()
    assert not complaints.left()


def everybody(
    browser: Browser, site: LiveSite, world: World
) -> dict[str, tuple[BrowserContext, BrowserContext]]:
    wide, small = contexts(browser, site, world), contexts(browser, site, world, viewport=SMALL_PHONE)
    return {person: (wide[person], small[person]) for person in wide}


@pytest.mark.timeout(1800)  # as long as the number of pages makes it, on a busy machine
def test_every_page_and_every_form_that_is_sent_empty(site: LiveSite, browser: Browser) -> None:
    """Whatever asks for something is sent without it, past what the browser checks. Names that come from files often have
    no space to break at: they push nothing out of any page."""
    world = build_world()
    people = everybody(browser, site, world)
    for model in NAMED:
        for number, row in enumerate(model.objects.all()):
            model.objects.filter(pk=row.pk).update(name=f"{'customer_support_export_' * 3}{number}")
    seen, sent = [], set()
    with looking(browser, site, people) as look:
        for name, path, person in pages(world):
            if not is_page(people[person][0], path):
                continue
            seen.append(name)
            look.at(name, path, person)
            for number, action in look.wide[person].locator(POSTING).evaluate_all(ASKING):
                if action not in sent:
                    sent.add(action)
                    look.at_an_answer_to_nothing(name, path, person, number)
    assert not look.wrong, look.report()
    assert len(seen) > 50
    assert len(sent) > 12


def test_every_state_of_work(site: LiveSite, browser: Browser) -> None:
    world = build_world()
    people = everybody(browser, site, world)
    things = world.ours.things
    shown = {
        "training:detail": "run",
        "evaluation:detail": "evaluation",
        "evaluation:comparison": "comparison",
    }
    with looking(browser, site, people) as look:
        for name, path, person in pages(world):
            if name not in shown:
                continue
            job = Job.objects.filter(pk=things[shown[name]].job_id)
            for state in STATES if name == "training:detail" else ("running", "failed"):
                failure = FAILURE if state in ("failed", "errored", "lost") else dict.fromkeys(FAILURE, "")
                look.leave(person)
                job.update(state=state, phase=Text("jobs.phase_training"), fraction=0.4, **failure)
                look.at(f"{name}, {state}", path, person)
    assert not look.wrong, look.report()


def test_every_list_while_it_is_empty(
    site: LiveSite, browser: Browser, client_for: Any, outsider: Any
) -> None:
    create_workspace(actor=outsider, name="Nothing yet")
    both = [
        browser.new_context(base_url=site.url, reduced_motion="reduce", viewport=size)
        for size in (None, SMALL_PHONE)
    ]
    for context in both:
        client = client_for(outsider)
        confirm(client)
        context.add_cookies(cookies_of(client, site))
    seen = []
    with looking(browser, site, {"outsider": (both[0], both[1])}) as look:
        for address in addresses():
            path = f"/{address.route}"
            can_be_read = (
                address.access_rule
                and address.access_rule.needs.get("GET") not in (None, Needs.ADMINISTRATOR)
                and not address.key.startswith((*PROGRAMS, *THE_SAME))
            )
            if can_be_read and "<" not in path and is_page(both[0], path):
                seen.append(path)
                look.at(address.key, path, "outsider")
    assert not look.wrong, look.report()
    assert {"/", "/data/", "/models/", "/runs/", "/evaluations/", "/apps/"} <= set(seen)
