"""Pages, templates, scripts and refusals under an enforced content security policy, without an exception."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.datasets.models import Import
from tests.security.policy import Rules, assert_allowed, assert_headers

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


def test_a_page_that_breaks_the_rules_is_seen() -> None:
    for broken in (
        '<p style="color: red">',
        "<button onclick=go()>",
        '<a href=" javascript:go()">',
        '<div hx-on:click="go()">',
        '<iframe src="/a">',
        '<script src="https://cdn.example/x.js"></script>',
        '<base href="/">',
    ):
        assert Rules(broken).broken, broken
    assert Rules("<script>go()</script><style>p {}</style>").nonces == ["", ""]
    assert not Rules('<script type="application/json">{}</script>').nonces


def test_no_template_has_inline_script_or_style() -> None:
    """Also what no walk reaches: a state of a page that nobody is in."""
    templates = sorted((ROOT / "templates").rglob("*.html"))
    assert len(templates) > 40
    for template in templates:
        text = re.sub(r"{%.*?%}|{#.*?#}", "", template.read_text())
        rules = Rules(text)
        assert not rules.broken, template
        assert all("csp_nonce" in nonce for nonce in rules.nonces), template


def test_no_script_of_ours_makes_code_or_handlers_from_text() -> None:
    dangerous = re.compile(
        r"\beval\(|new Function\(|setAttribute\(\s*[\"'](?:style|on)|insertAdjacentHTML|document\.write"
    )
    for script in (ROOT / "static").rglob("*.js"):
        assert not dangerous.search(script.read_text()), script


def test_a_nonce_is_used_once() -> None:
    policies = {Client().get("/accounts/login/")["Content-Security-Policy"] for _ in range(2)}
    nonces = {nonce for policy in policies for nonce in re.findall(r"'nonce-([^']+)'", policy)}
    assert len(nonces) in (0, 2)


@pytest.fixture
def refusals(
    monkeypatch: pytest.MonkeyPatch, client_for: Any, owner: Any, viewer: Any, settings: Any
) -> dict[str, Any]:
    """Answers that no address gives when all goes well, by the status that they are due."""
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(viewer)
    found = {
        "400 host": Client(headers={"Host": "evil.example"}).get("/"),
        "403 role": client_for(viewer).get("/data/new/"),
        "403 csrf": strict.post("/workspace/keys/", {"name": "x"}),
        "404 page": Client().get("/nowhere/"),
        "404 link": Client().get("/a/nothing/"),
        "404 api": Client().get("/api/v1/nowhere/"),
        "405 method": client_for(viewer).delete("/data/"),
        "200 wrong sign-in": Client().post("/accounts/login/", {"login": "a@b.example", "password": "x"}),
        "429 guessing": Client().post("/accounts/login/", {"login": "a@b.example", "password": "x"}),
        "400 too large": Client().post(
            "/accounts/password/reset/", {"email": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
        ),
        "422 form": client_for(owner).post("/data/new/", {"text": ""}),
        "401 api": Client().get("/api/v1/apps/"),
    }
    monkeypatch.setattr("apps.core.views.connection", None)
    found["500 fault"] = Client(raise_request_exception=False).get("/healthz")
    return found


def test_errors_keep_the_policy_too(refusals: dict[str, Any]) -> None:
    for what, response in refusals.items():
        assert response.status_code == int(what.split()[0]), what
        assert_allowed(response, what)


def test_what_somebody_uploads_is_never_shown_by_the_browser(client_for: Any, editor: Any) -> None:
    client = client_for(editor)
    page = SimpleUploadedFile("evil.html", b"text,label\n<script>alert(1)</script>,x\n", "text/html")
    assert client.post("/data/new/", {"file": page}).status_code == 302
    response = client.get(f"/data/imports/{Import.objects.get().pk}/source/")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"
    assert_headers(response, "source")


def test_under_https_browsers_stay_there(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/accounts/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    moved = Client().get("/accounts/login/")
    assert (moved.status_code, moved["Location"]) == (301, "https://testserver/accounts/login/")
    assert_headers(moved, "redirect")


def test_pages_for_one_person_are_not_kept(client_for: Any, viewer: Any) -> None:
    assert client_for(viewer).get("/data/")["Cache-Control"] == "private, no-store"
