"""What all pages share: a navigation that fits every width, menus and drawers that keys open and leave, news told aloud
once, a curve with its numbers, and answers that a refused question leaves where they are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from apps.accounts.models import User
from apps.jobs.models import Job, JobEvent
from apps.publishing.models import App, Message
from apps.workspaces.models import ApiKey
from tests.access.world import World, build_world
from tests.fixtures.axe import bring_axe
from tests.fixtures.browser import PHONE
from tests.fixtures.keyboard import Keyboard
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import axe, cookies_of, fits, speak_chinese

pytestmark = pytest.mark.journey

WIDTHS = (
    *(
        320,
        360,
        390,
        414,
        480,
        575,
        576,
        640,
        700,
        767,
        768,
        800,
        834,
        899,
        900,
        991,
        992,
        1024,
        1100,
        1199,
        1200,
    ),
    *(1280, 1366, 1399, 1400, 1440, 1536, 1600, 1680, 1799, 1800, 1920, 2048, 2240, 2560),
)
PHONE_BELOW = 768
CROWDED = """() => {
    const seen = (one) => one.offsetParent !== null && getComputedStyle(one).visibility !== "hidden";
    const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
    const parts = all(".studio-nav .nav-link, .studio-nav .nav-tools > *, .studio-nav .navbar-brand, .studio-nav .navbar-toggler");
    const boxes = parts.map((one) => one.getBoundingClientRect());
    const overlaps = boxes.filter((box, index) => boxes.some((other, at) => at > index && box.left < other.right - 1 && other.left < box.right - 1 && box.top < other.bottom - 1 && other.top < box.bottom - 1));
    const texts = all(".navbar-brand span, .nav-link-title, .nav-name, .nav-tools .label");
    const inside = (one) => { const box = one.getBoundingClientRect(); return box.width > 4 && box.left >= 0 && box.right <= innerWidth + .5; };
    return {
        overlaps: overlaps.length,
        cut: texts.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline").map((one) => one.textContent),
        outside: texts.filter((one) => !inside(one)).map((one) => one.textContent),
        texts: texts.map((one) => one.textContent.trim()),
        height: document.querySelector(".studio-nav").offsetHeight,
    };
}"""


@pytest.fixture
def world(site: LiveSite) -> World:
    return build_world()


def page_of(
    world: World, person: str, site: LiveSite, browser: Browser, *, chinese: bool = False, **options: Any
) -> Page:
    context = browser.new_context(base_url=site.url, **options)
    context.add_cookies(cookies_of(world.clients[person], site))
    if chinese:
        speak_chinese(context, site)
    bring_axe(context)
    return context.new_page()


@pytest.mark.parametrize("chinese", [False, True])
def test_the_header_holds_at_every_width(
    world: World, site: LiveSite, browser: Browser, chinese: bool
) -> None:
    """Of an administrator, who has most in it: nothing overlaps, and brand, names and language can be read in full."""
    person, workspace = "Olga Ownerova", "Support team of the library"
    name_them(world, person, workspace)
    page = page_of(world, "owner", site, browser, chinese=chinese)
    page.goto("/data/")
    said = {"Maquette", person, workspace, "English" if chinese else "简体中文"}
    wrong = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        menu, toggle = page.locator("#menu"), page.locator(".navbar-toggler")
        if width < PHONE_BELOW and not menu.is_visible():
            toggle.click()
            expect(page.locator("#menu.show")).to_be_visible()
        seen = page.evaluate(CROWDED)
        missing = said - set(seen["texts"])
        lines_px = 110 if width >= PHONE_BELOW else 900
        is_wrong = seen["overlaps"] or seen["cut"] or seen["outside"] or missing or seen["height"] > lines_px
        if fits(page) or is_wrong:
            wrong[width] = (fits(page), missing, seen)
    assert not wrong


def test_long_names_push_nothing_out_of_the_header(world: World, site: LiveSite, browser: Browser) -> None:
    name_them(world, "A rather long name of a person", "A rather long name of a workspace that somebody gave")
    page = page_of(world, "owner", site, browser)
    page.goto("/data/")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        seen = page.evaluate(CROWDED)
        assert not (fits(page) or seen["overlaps"] or seen["outside"]), (width, seen)


def name_them(world: World, person: str, workspace: str) -> None:
    User.objects.filter(email="owner@example.com").update(is_staff=True, is_superuser=True, name=person)
    world.ours.workspace.name = workspace
    world.ours.workspace.save()


def test_open_menus_have_nothing_wrong(world: World, site: LiveSite, browser: Browser) -> None:
    page = page_of(world, "owner", site, browser, reduced_motion="reduce")
    page.goto("/data/")
    found = []
    for name in ("your account", "switch"):
        button = page.locator(f".nav-tools button[aria-label*='{name}']")
        button.click()
        expect(page.locator(".dropdown-menu.show")).to_be_visible()
        found += axe(page)
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#menu.show")).to_be_visible()
    assert not found + axe(page) + fits(page)


def test_a_drawer_gives_the_focus_back(world: World, site: LiveSite, browser: Browser) -> None:
    page = page_of(world, "anonymous", site, browser, viewport=PHONE)
    page.goto(f"/a/{world.ours.things['link_token']}/")
    keys = Keyboard(page)
    toggle, history = page.locator("#history-toggle"), page.locator("#history")
    keys.activate(toggle)
    expect(history).to_be_visible()
    assert page.locator("#history:focus, #history *:focus").count() == 1
    assert not axe(page)
    keys.press("Escape")
    expect(history).not_to_be_visible()
    assert keys.is_at(toggle)
    keys.press("Enter")
    expect(history).to_be_visible()
    for _ in range(page.locator("#history a").count() + 1):
        keys.press("Tab")
    expect(history).not_to_be_visible()
    expect(toggle).to_have_attribute("aria-expanded", "false")


def test_without_scripts_earlier_conversations_lie_over_nothing(
    world: World, site: LiveSite, browser: Browser
) -> None:
    page = page_of(world, "anonymous", site, browser, viewport=PHONE, java_script_enabled=False)
    things = world.ours.things
    home = f"/a/{things['link_token']}/"
    for app_type in ("chat", "translation"):
        App.objects.filter(pk=things["app"].pk).update(app_type=app_type)
        page.goto(home)
        expect(page.locator("#history-list a")).not_to_have_count(0)
        for part in (page.locator("#text"), page.locator("#send"), page.locator("#history-list a").first):
            part.click(trial=True)


def test_what_opened_over_the_page_goes_with_escape(world: World, site: LiveSite, browser: Browser) -> None:
    page = page_of(world, "owner", site, browser)
    page.goto(f"/runs/{world.ours.things['run'].pk}/")
    keys = Keyboard(page)
    summary = page.locator("details.rename > summary")
    keys.activate(summary)
    keys.press("Tab")
    assert keys.is_at(page.get_by_label("Name", exact=True))
    keys.press("Escape")
    expect(page.locator("details.rename[open]")).to_have_count(0)
    assert keys.is_at(summary)


def test_whoever_is_refused_goes_on_where_it_is_wrong(world: World, site: LiveSite, browser: Browser) -> None:
    page = page_of(world, "owner", site, browser)
    page.goto("/workspace/keys/")
    page.locator("main form").first.evaluate("form => { form.noValidate = true; }")
    keys = Keyboard(page)
    name = page.get_by_label("Purpose")
    keys.fill(name, "")
    keys.press("Enter")
    wrong = page.locator(".invalid-feedback").first
    expect(wrong).not_to_be_empty()
    assert keys.is_at(name)
    described = name.get_attribute("aria-describedby") or ""
    told = " ".join(page.locator(f"#{one}").inner_text() for one in described.split())
    assert wrong.inner_text().strip() in told


def test_a_button_pressed_twice_is_one_wish(world: World, site: LiveSite, browser: Browser) -> None:
    page = page_of(world, "owner", site, browser)
    page.goto("/workspace/keys/")
    page.get_by_label("Purpose").fill("pressed twice")
    page.get_by_role("button", name="Create key").dblclick()
    expect(page.locator("#secret")).to_be_visible()
    assert ApiKey.objects.filter(name="pressed twice").count() == 1


def test_the_progress_of_a_job_is_told_by_quarters_and_its_end(
    world: World, site: LiveSite, browser: Browser
) -> None:
    run = world.ours.things["run"]
    job = Job.objects.filter(pk=run.job_id)
    job.update(state="running", phase="training the model", fraction=0.1)
    page = page_of(world, "owner", site, browser)
    page.goto(f"/runs/{run.pk}/")
    said, card = page.locator("#said"), page.locator(".job-status")
    for share, text in (
        (0.2, ""),
        (0.3, "Running · training the model · 25 %"),
        (0.4, "Running · training the model · 25 %"),
    ):
        job.update(fraction=share)
        expect(card).to_have_attribute("data-percent", str(round(100 * share)))
        page.wait_for_timeout(500)
        assert said.inner_text().strip() == text
    job.update(state="succeeded", phase="", fraction=1)
    expect(said).to_have_text("Succeeded")


def test_a_curve_has_its_numbers_beside_it(world: World, site: LiveSite, browser: Browser) -> None:
    run = world.ours.things["run"]
    for step, values in enumerate(
        ({"train_loss": 2.5}, {"train_loss": 2.25}, {"validation_loss": 2.125}), start=1
    ):
        JobEvent.objects.create(
            job=run.job,
            seq=step,
            attempt=run.job.attempt or 1,
            kind="metric",
            data={"step": step, "epoch": 0.1, "values": values},
        )
    page = page_of(world, "owner", site, browser)
    page.goto(f"/runs/{run.pk}/")
    expect(page.get_by_role("img", name="Loss by step")).to_be_visible()
    Keyboard(page).activate(page.locator("#curve-numbers > summary"))
    expect(page.locator("[data-run-table] tr")).to_have_text(["3 2.25 2.125"], use_inner_text=True)


def test_nothing_moves_for_whoever_asked_for_calm(world: World, site: LiveSite, browser: Browser) -> None:
    page = page_of(world, "owner", site, browser, reduced_motion="reduce")
    moving = "document.getAnimations().length + [...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0 || parseFloat(getComputedStyle(one).animationDuration) > 0).length"
    for address in ("/", f"/runs/{world.ours.things['run'].pk}/", f"/a/{world.ours.things['link_token']}/"):
        page.goto(address)
        assert page.evaluate(moving) == 0, address


@pytest.mark.parametrize("app_type", ["chat", "translation", "generation"])
def test_a_refused_question_leaves_what_was_answered(
    world: World, site: LiveSite, browser: Browser, settings: Any, app_type: str
) -> None:
    things = world.ours.things
    App.objects.filter(pk=things["app"].pk).update(app_type=app_type)
    Message.objects.filter(pk=things["message"].pk).update(
        state="done", ended_at=things["message"].created_at
    )
    settings.QUESTIONS_PER_MINUTE = 0
    page = page_of(world, "anonymous", site, browser)
    page.goto(
        reverse("publishing:visit_conversation", args=[things["link_token"], things["conversation"].pk])
    )
    answer = page.locator(".turn.assistant[data-message] .text")
    expect(answer).to_contain_text(things["message"].text)
    before = answer.inner_text()
    page.locator(".turn.assistant[data-message] [data-act=regenerate]").click()
    expect(page.get_by_role("alert")).to_contain_text("Too many requests in a short time.")
    expect(answer).to_have_text(before)
    if app_type == "chat":
        page.locator(".turn.user[data-message] [data-act=edit]").click()
    page.locator("#text").fill("Something else")
    expect(page.get_by_role("alert")).to_be_hidden()
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("Too many requests in a short time.")
    expect(answer).to_have_text(before)
    if app_type == "chat":
        expect(page.locator(".turn.user.unsent .text")).to_have_text("Something else")
        page.locator("[data-act=take-back]:visible").click()
    expect(page.locator("#text")).to_have_value("Something else")


@pytest.mark.parametrize(("text", "is_said"), [("An answer.", True), ("", False)])
def test_that_the_beginning_was_left_out_is_said_of_answers_alone(
    world: World, site: LiveSite, browser: Browser, text: str, is_said: bool
) -> None:
    things = world.ours.things
    App.objects.filter(pk=things["app"].pk).update(app_type="chat")
    Message.objects.filter(pk=things["message"].pk).update(
        state="done" if text else "failed",
        text=text,
        left_out=2,
        error=None if text else {"code": "context_length_exceeded", "tokens": 900, "limit": 500},
    )
    page = page_of(world, "anonymous", site, browser)
    page.goto(
        reverse("publishing:visit_conversation", args=[things["link_token"], things["conversation"].pk])
    )
    status = page.locator(".turn.assistant[data-message] .status")
    expect(status).to_contain_text("no longer sees its beginning" if is_said else "This text is too long")
    assert ("beginning" in status.inner_text()) == is_said


def test_a_line_that_cannot_be_opened_is_tried_again_once_at_a_time(
    world: World, site: LiveSite, browser: Browser
) -> None:
    run = world.ours.things["run"]
    Job.objects.filter(pk=run.job_id).update(state="running")
    page = page_of(world, "owner", site, browser)
    tries: list[str] = []

    def refuse(socket: WebSocketRoute) -> None:
        tries.append(socket.url)
        socket.close(code=1011)

    page.route_web_socket(re.compile("/ws/jobs/"), refuse)
    page.goto(f"/runs/{run.pk}/")
    for _ in range(8):
        page.evaluate(
            "document.body.dispatchEvent(new CustomEvent('htmx:load', { detail: { elt: document.body } }))"
        )
        page.wait_for_timeout(500)
    assert 2 <= len(tries) <= 3
