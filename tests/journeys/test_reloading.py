"""A page that waits for a job shows its end, and takes nothing from under the hands of a person who is using it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, expect

from apps.jobs.models import Job
from tests.access.world import World, build_world
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import cookies_of

pytestmark = pytest.mark.journey

POLL = """() => new Promise((done, fail) => {
    const card = document.querySelector(".job-status");
    document.body.addEventListener("htmx:afterSettle", () => setTimeout(done, 600), { once: true });
    setTimeout(() => fail("The card was not swapped"), 60000);
    card.dispatchEvent(new CustomEvent("job-changed"));
})"""
"""The page asks for its job now and not some seconds later; what follows from the answer has happened when this ends."""
LEAVE = """(href) => {
    const link = document.querySelector(".studio-nav a");
    link.href = href;
    document.body.addEventListener("htmx:afterSettle", () => setTimeout(() => {
        if (!document.querySelector("[data-reload]").hidden) sessionStorage.setItem("end", "shown");
    }));
    setTimeout(() => {
        link.click();
        document.querySelector(".job-status").dispatchEvent(new CustomEvent("job-changed"));
    });
}"""
SLOW_SECONDS = 2
"""Until the page that was asked for comes. Playwright itself waits while a page is on its way."""


@pytest.fixture
def world(site: LiveSite) -> World:
    return build_world()


@pytest.fixture
def waiting(world: World, site: LiveSite, browser: Browser) -> Callable[[], Page]:
    """The page of a run that is under way."""
    context = browser.new_context(base_url=site.url)
    context.add_cookies(cookies_of(world.clients["owner"], site))
    page = context.new_page()
    run = world.ours.things["run"]

    def open_it() -> Page:
        Job.objects.filter(pk=run.job_id).update(state="running", ended_at=None)
        page.goto(f"/runs/{run.pk}/")
        page.evaluate("window.isSame = true")
        return page

    return open_it


def end(world: World) -> None:
    Job.objects.filter(pk=world.ours.things["run"].job_id).update(
        state="failed", error_message="No more rows."
    )


def is_same(page: Page) -> bool:
    """Whether the page was not loaded again."""
    return bool(page.evaluate("Boolean(window.isSame)"))


def test_a_page_in_use_offers_the_end_and_another_one_shows_it(
    world: World, waiting: Callable[[], Page]
) -> None:
    page = waiting()
    page.locator("summary", has_text="Rename").click()
    page.keyboard.press("Tab")
    page.keyboard.type("Half a na")
    end(world)
    page.evaluate(POLL)
    line = page.get_by_text("The job has ended.")
    expect(line).to_be_visible()
    page.keyboard.type("me")
    assert page.locator("#run-name").input_value().endswith("Half a name")
    assert is_same(page)
    line.get_by_role("link", name="Reload page").click()
    expect(page.get_by_text("No more rows.")).to_be_visible()
    expect(line).to_have_count(0)
    assert not is_same(page)

    page = waiting()
    end(world)
    with page.expect_navigation():
        page.locator(".job-status").dispatch_event("job-changed")
    expect(page.get_by_text("No more rows.")).to_be_visible()
    assert not is_same(page)


def test_a_page_in_use_stays_when_its_session_ends(world: World, waiting: Callable[[], Page]) -> None:
    page = waiting()
    notice = page.locator("#signed-out")
    page.locator("summary", has_text="Rename").click()
    page.keyboard.press("Tab")
    page.keyboard.type("Half a name")
    assert notice.is_hidden()
    Session.objects.all().delete()
    page.locator(".job-status").dispatch_event("job-changed")
    expect(notice).to_contain_text("You are signed out. Copy what you typed")
    assert is_same(page)
    assert page.locator("#run-name").input_value().endswith("Half a name")
    notice.get_by_role("link", name="Sign in").click()
    page.wait_for_url(f"**/accounts/login/?next=/runs/{world.ours.things['run'].pk}/")


def test_a_page_that_nobody_uses_leads_to_the_sign_in(world: World, waiting: Callable[[], Page]) -> None:
    page = waiting()
    Session.objects.all().delete()
    with page.expect_navigation(url=f"**/accounts/login/?next=/runs/{world.ours.things['run'].pk}/"):
        page.locator(".job-status").dispatch_event("job-changed")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_click_is_not_lost_to_the_end_of_a_job(world: World, waiting: Callable[[], Page]) -> None:
    page = waiting()
    link = page.locator(".studio-nav a[href='/data/']").first
    link.hover()
    page.mouse.down()
    end(world)
    page.evaluate(POLL)
    assert is_same(page), "a button of the mouse is held"
    page.mouse.up()
    page.wait_for_url("**/data/")

    page = waiting()
    end(world)
    with socket.create_server(("127.0.0.1", 0)) as slow:
        page.evaluate(LEAVE, f"http://127.0.0.1:{slow.getsockname()[1]}/")
        slow.settimeout(60)
        asked, _ = slow.accept()
        time.sleep(SLOW_SECONDS)
        asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nThere")
        expect(page.get_by_text("There")).to_be_visible()
        asked.close()
    page.goto("/data/")
    assert page.evaluate("sessionStorage.getItem('end')") == "shown"
