"""Every page and every answer of the site under an enforced content security policy, without an exception.

The addresses are those of the access table, so that a new page is looked at without anybody thinking of it.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.datasets.models import Import
from apps.workspaces.doors import Address, addresses
from tests.access.asking import own, path_of, taken_back
from tests.access.world import World

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    address
    for address in addresses()
    if not address.is_socket and address.door and {"GET", "get"} & set(address.door.needs)
]
PEOPLE = ("anonymous", "owner", "administrator")
SHOWN_INLINE = {"text/html", "application/json", "text/event-stream", "text/javascript"}
LOADING = {
    "script": "src",
    "link": "href",
    "img": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "use": "href",
}


class Rules(HTMLParser):
    """Collects what the policy forbids in a page: `broken`, and the nonces that its inline elements carry."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.broken: list[str] = []
        self.nonces: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        where = f"<{tag} {given}>"
        for name, value in given.items():
            is_handler = re.fullmatch(r"on[a-z]+", name) or name.startswith(("hx-on", "data-hx-on"))
            is_script = value.strip().lower().startswith(("javascript:", "vbscript:"))
            if name == "style" or is_handler or is_script:
                self.broken.append(where)
        if tag in ("iframe", "frame", "object", "embed", "applet", "base", "portal"):
            self.broken.append(where)
        is_inline = tag == "style" or (tag == "script" and "src" not in given)
        if is_inline and given.get("type") not in ("application/json", "importmap/json"):
            self.nonces.append(given.get("nonce", ""))
        address = given.get(LOADING.get(tag, ""), "")
        if address.startswith(("http:", "https:", "//")):
            self.broken.append(where)

    handle_startendtag = handle_starttag


def directives(policy: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}


def assert_headers(response: Any, where: str) -> None:
    assert "Content-Security-Policy" in response.headers, where
    policy = directives(response["Content-Security-Policy"])
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == ["'none'"], where
    for name in ("script-src", "style-src"):
        allowed = [source for source in policy[name] if not source.startswith("'nonce-")]
        assert allowed == ["'self'"], where
    assert response["X-Content-Type-Options"] == "nosniff", where
    assert response["X-Frame-Options"] == "DENY", where
    assert response["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert response["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert response["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin-when-cross-origin"), (
        where
    )
    assert "camera=()" in response["Permissions-Policy"], where


def assert_page(response: Any, where: str) -> None:
    """Nothing in it needs an exception, and its inline elements carry this answer's nonce."""
    rules = Rules(response.content.decode())
    assert not rules.broken, where
    nonces = re.findall(r"'nonce-([^']+)'", response["Content-Security-Policy"])
    assert all(nonce in nonces for nonce in rules.nonces), f"{where}: {rules.nonces}"


def assert_allowed(response: Any, where: str) -> None:
    assert_headers(response, where)
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if kind == "text/html" and not response.streaming:
        assert_page(response, where)
    is_plain = kind == "text/plain" and where.startswith("/healthz")
    if response.status_code == 200 and not is_plain and kind not in SHOWN_INLINE and "openapi" not in kind:
        assert response.headers.get("Content-Disposition", "").startswith("attachment"), f"{where} {kind}"


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address.key)
def test_an_address_keeps_the_policy_for_everybody(address: Address, world: World) -> None:
    for person in PEOPLE:
        path = path_of(address, own(world, world.ours, address, person))
        with taken_back():
            response = world.clients[person].get(path)
            assert response.status_code < 500, path
            assert_allowed(response, f"{path} for {person}")
            response.close()


def test_the_walk_sees_pages_of_every_part(world: World) -> None:
    found = {address.route.split("/")[0] for address in PAGES}
    assert {
        "admin",
        "accounts",
        "workspace",
        "data",
        "models",
        "runs",
        "evaluations",
        "apps",
        "a",
        "console",
    } <= found
    assert len(PAGES) > 100


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
def refusals(monkeypatch: pytest.MonkeyPatch, client_for: Any, viewer: Any, link: Any) -> dict[str, Any]:
    """Answers that no address gives when all goes well, by the status that they are due."""
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
        "422 form": client_for(viewer.memberships.get().workspace.memberships.get(role="owner").user).post(
            "/data/new/", {}
        ),
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
    response.close()


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
