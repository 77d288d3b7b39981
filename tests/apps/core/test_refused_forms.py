"""A form that the CSRF check refuses names the cause: the address, the proxy's header, cookies, or its age."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"


def _send(**headers: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/accounts/login/", headers={"host": headers.get("host", "127.0.0.1:8000")})
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page.content.decode())
    assert token
    sent = {"csrfmiddlewaretoken": token[1], "login": "a@example.com", "password": "x"}
    return client.post("/accounts/login/", sent, headers=headers)


@pytest.mark.parametrize(
    ("origin", "host", "header"),
    [
        ("http://studio.example", "127.0.0.1:8122", "Host"),  # proxy_pass without a Host
        ("http://studio.example:8080", "studio.example", "Host"),  # Host $host, which drops the port
        ("https://studio.example", "studio.example", "X-Forwarded-Proto"),  # TLS ends at the proxy
    ],
)
def test_a_proxy_that_hides_the_address_is_named(
    origin: str, host: str, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="apps.core.csrf"):
        answer = _send(origin=origin, host=host)
    text = answer.content.decode()
    assert answer.status_code == 403
    for named in (origin, f"http://{host}", SITE, "SITE_URL", f"the header {header},"):
        assert named in text, named
    assert "expired" not in text
    assert origin in caplog.text
    assert "SITE_URL" in caplog.text


def test_a_page_that_says_where_it_is_by_its_referer_alone_is_named(settings: Any) -> None:
    """As browsers without an Origin header do, and proxies that take it away."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    proxied = {"host": "127.0.0.1:8122", "x-forwarded-proto": "https"}
    answer = _send(referer="https://studio.example/accounts/login/", **proxied)
    assert answer.status_code == 403
    for named in ("https://studio.example", "https://127.0.0.1:8122", "SITE_URL", "the header Host,"):
        assert named in answer.content.decode(), named
    nameless = _send(**proxied).content.decode()
    assert "did not send the origin of the form" in nameless
    malformed = _send(referer="nowhere", **proxied).content.decode()
    assert "did not send the origin of the form" in malformed


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", SITE])
def test_the_right_address_is_let_in(origin: str) -> None:
    assert _send(origin=origin, host="127.0.0.1:8000").status_code == 200


def test_an_origin_that_the_browser_hides() -> None:
    text = _send(origin="null", host="127.0.0.1:8000").content.decode()
    assert "did not send the origin of the form" in text


def test_blocked_cookies_are_named() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"csrfmiddlewaretoken": "x" * 64})
    assert "This page needs cookies" in answer.content.decode()


def test_an_old_form_is_an_old_form() -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    answer = client.post("/accounts/login/", {"csrfmiddlewaretoken": "x" * 64})
    assert "This form has expired" in answer.content.decode()
