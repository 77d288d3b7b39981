"""A part of a page that is asked for by somebody who was signed out leads the whole page to the sign-in."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from apps.workspaces.access.rules import Needs
from apps.workspaces.access.url_inventory import addresses
from tests.access.asking import own, path_of
from tests.access.world import World

STATIC = Path(__file__).resolve().parents[2] / "static" / "js"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/runs/?tab=1"}
pytestmark = pytest.mark.django_db


def test_every_page_leads_strangers_to_the_sign_in_as_a_whole(world: World) -> None:
    tried = 0
    for address in addresses():
        access_rule = address.access_rule
        if (
            access_rule is None
            or "GET" not in access_rule.needs
            or access_rule.needs["GET"] in (Needs.NOTHING, Needs.LINK)
        ):
            continue
        path = path_of(address, own(world, world.ours, address, "owner"))
        plain = Client().get(path)
        if not plain.headers.get("Location", "").startswith("/accounts/login/"):
            continue
        answer = Client().get(path, headers=HTMX)
        assert (
            answer.headers.get("HX-Redirect") == f"/accounts/login/?next={quote('/runs/?tab=1', safe='')}"
        ), path
        assert answer.status_code == 200, "htmx follows a 302 itself, and puts what it finds into the page"
        assert not answer.content
        assert "Location" not in answer.headers
        tried += 1
    assert tried > 50


def test_without_a_page_that_asked_the_way_back_is_the_part() -> None:
    answer = Client().get("/console/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/console/"


def test_a_person_who_is_signed_in_still_gets_the_part(world: World) -> None:
    answer = world.clients["owner"].get("/", headers=HTMX)
    assert 'id="activity"' in answer.content.decode()
    assert "HX-Redirect" not in answer.headers


def test_scripts_that_read_by_themselves_notice_a_redirect() -> None:
    """Every fetch of the studio's scripts that repeats goes through readLive."""
    for path in STATIC.glob("*.js"):
        text = path.read_text()
        if "setInterval" in text:
            assert not re.search(r"\bfetch\(", text), path.name
    assert "response.redirected" in (STATIC / "session.js").read_text()
