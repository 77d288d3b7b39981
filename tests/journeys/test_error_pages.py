"""Pages that refuse: axe in both themes and on a phone, in both languages. Made by the test client, drawn by a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Route

from apps.jobs.models import Job
from tests.fixtures.axe import bring_axe, violations
from tests.fixtures.browser import PHONE
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import axe, chinese, fits, messages

pytestmark = pytest.mark.journey


@pytest.fixture(params=["en", "zh-hans"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def refusals(
    language: str,
    site: LiveSite,
    monkeypatch: pytest.MonkeyPatch,
    client_for: Any,
    viewer: Any,
    editor: Any,
    workspace: Any,
    settings: Any,
) -> dict[str, Any]:
    """Answers that are pages, by the status that they are due."""
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    spoken: Any = {"headers": {"Accept-Language": language}}
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(viewer)
    job = {"kind": "import", "state": "succeeded", "title": "Read a.csv", "queue": "default", "spec": {}}
    done = Job.objects.create(workspace=workspace, created_by=editor, **job)
    wrong = {"login": "a@b.example", "password": "x"}
    found = {
        "400 host": Client().get("/", headers={"Host": "evil.example", "Accept-Language": language}),
        "400 too large": Client().post(
            "/accounts/password/reset/",
            {"email": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)},
            **spoken,
        ),
        "400 nothing to do": client_for(editor).post(f"/jobs/{done.pk}/retry/", **spoken),
        "403 role": client_for(viewer).get("/data/new/", **spoken),
        "403 csrf": strict.post("/workspace/keys/", {"name": "x"}, **spoken),
        "404 page": Client().get("/nowhere/", **spoken),
        "404 signed in": client_for(viewer).get("/nowhere/", **spoken),
        "404 link": Client().get("/a/nothing/", **spoken),
        "200 wrong sign-in": Client().post("/accounts/login/", wrong, **spoken),
        "429 guessing": Client().post("/accounts/login/", wrong, **spoken),
    }
    monkeypatch.setattr("apps.core.views.connection", None)
    found["500 fault"] = Client(raise_request_exception=False).get("/healthz", **spoken)
    return found


def test_axe_finds_nothing_on_refusals(
    language: str, refusals: dict[str, Any], site: LiveSite, browser: Browser
) -> None:
    context = browser.new_context(base_url=site.url, reduced_motion="reduce")
    bring_axe(context)
    page, english, wrong = context.new_page(), messages(), {}

    def answer(route: Route) -> None:
        given = refusals[route.request.url.rsplit("/", 1)[1].replace("%20", " ")]
        headers = {name: given[name] for name in ("Content-Type", "Content-Security-Policy")}
        route.fulfill(status=given.status_code, headers=headers, body=given.content)

    page.route(re.compile(f"{site.url}/refused/"), answer)
    # What a page of somebody signed in asks by itself: this browser is not, and would be sent to the sign-in.
    page.route("**/jobs/notices/", lambda route: route.fulfill(json={"notices": []}))
    for name, given in refusals.items():
        assert given.status_code == int(name.split()[0]), name
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"/refused/{name}")
        found = axe(page)
        page.set_viewport_size(PHONE)
        found += violations(page, only="layout")
        found += fits(page) if language == "en" else chinese(page, english)
        if found:
            wrong[name] = found
    context.close()
    assert not wrong
