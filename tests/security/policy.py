"""What the content security policy forbids, looked for in an answer of the test client."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from tests.access.world import EMBED_SITE

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
    for name in ("default-src", "object-src", "base-uri"):
        assert policy[name] == ["'none'"], where
    may_be_framed = where.startswith("/e/") and policy["frame-ancestors"] == [EMBED_SITE]
    assert may_be_framed or policy["frame-ancestors"] == ["'none'"], where
    for name in ("script-src", "style-src"):
        allowed = [source for source in policy[name] if not source.startswith("'nonce-")]
        assert allowed == ["'self'"], where
    assert response["X-Content-Type-Options"] == "nosniff", where
    assert response.headers.get("X-Frame-Options") == (None if may_be_framed else "DENY"), where
    assert response["Cross-Origin-Opener-Policy"] == "same-origin", where
    is_for_all = may_be_framed or where.split("?")[0].split(" ")[0].endswith("/bubble.js")
    own = response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert own or (where.startswith("/e/") and is_for_all), where
    assert not any(name.startswith("Access-Control-") for name in response.headers), where
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
