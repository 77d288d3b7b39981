"""Searching, filtering and paging in the browser: the results change in place, and the address can be opened again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from apps.datasets.models import Dataset
from tests.access.world import World, build_world
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import cookies_of

pytestmark = pytest.mark.journey


@pytest.fixture
def world(site: LiveSite) -> World:
    made = build_world()
    Dataset.objects.bulk_create(
        Dataset(workspace=made.ours.workspace, number=2000 + n, name=f"Letters {n:02}") for n in range(30)
    )
    return made


@pytest.mark.parametrize("scripts", [True, False])
def test_a_list_is_searched_sorted_and_paged(
    world: World, site: LiveSite, browser: Browser, scripts: bool
) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=scripts)
    context.add_cookies(cookies_of(world.clients["owner"], site))
    page = context.new_page()
    page.goto("/data/")
    rows, search = page.locator("#results tbody tr"), page.get_by_role("searchbox")
    expect(rows).to_have_count(25)
    search.fill("letters 2")
    if not scripts:
        search.press("Enter")
    expect(rows).to_have_count(12)
    expect(page).to_have_url(re.compile(r"q=letters(\+|%20)2"))
    sort = page.get_by_label("Sort by")
    sort.select_option("name")
    if not scripts:
        page.get_by_role("button", name="Search").click()
    expect(rows.first).to_contain_text("Letters 02")
    if scripts:
        expect(search).to_have_value("letters 2")
        expect(page.locator("#said")).to_contain_text("12 matches")
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator("#results tbody tr").first).to_contain_text("Letters 02")
    expect(other.get_by_label("Sort by")).to_have_value("name")
    page.get_by_role("link", name="Clear search and filters").click()
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page).to_have_url(re.compile("page=2"))
    context.close()


def test_a_list_is_searched_as_one_types_where_the_address_says_more(
    world: World, site: LiveSite, browser: Browser
) -> None:
    context = browser.new_context(base_url=site.url)
    context.add_cookies(cookies_of(world.clients["owner"], site))
    page = context.new_page()
    page.goto("/data/?kept=1")
    page.get_by_role("searchbox").fill("letters 2")
    expect(page.locator("#results tbody tr")).to_have_count(12)
    expect(page).to_have_url(re.compile("kept=1"))
    context.close()


def test_a_search_is_one_step_back_and_says_when_it_was_not_sent(
    world: World, site: LiveSite, browser: Browser
) -> None:
    context = browser.new_context(base_url=site.url)
    context.add_cookies(cookies_of(world.clients["owner"], site))
    page = context.new_page()
    page.goto("/data/")
    rows, search = page.locator("#results tbody tr"), page.get_by_role("searchbox")
    search.fill("letters 2")
    expect(rows).to_have_count(12)
    with page.expect_response(lambda answer: "q=letters" in answer.url):
        search.blur()
    expect(page).to_have_url(re.compile("q=letters"))
    page.wait_for_timeout(500)
    page.go_back()
    expect(page).to_have_url(f"{site.url}/data/")
    expect(rows).to_have_count(25)
    context.set_offline(True)
    page.get_by_label("Sort by").select_option("name")
    expect(page.locator("#toasts")).to_contain_text("The studio could not be reached.")
    context.close()
