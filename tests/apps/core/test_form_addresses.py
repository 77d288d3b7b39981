"""Addresses that only take forms lead back to a page: after signing in, and where a browser opens them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

FORM = "/console/people/invite/"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def _next(answer: Any) -> str:
    assert urlsplit(answer["Location"]).path == "/accounts/login/"
    return parse_qs(urlsplit(answer["Location"]).query)["next"][0]


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://testserver/console/people/?q=nia", "/console/people/?q=nia"),
        ("https://elsewhere.example/console/people/", "/"),
        ("http://testserver//elsewhere.example/", "/"),
        ("", "/"),
    ],
)
def test_a_form_that_was_sent_signed_out_leads_back_to_its_page(
    client: Client, referer: str, page: str
) -> None:
    answer = client.post(FORM, {"email": "nia@example.com"}, headers={"referer": referer})
    assert _next(answer) == page
    shown = client.get(answer["Location"]).content.decode()
    assert "You were signed out. Sign in, then send the form again." in shown


def test_the_page_of_the_form_is_shown_after_signing_in(client: Client, owner: Any) -> None:
    asked = client.post(FORM, headers={"referer": "http://testserver/console/people/?q=own"})
    signed_in = client.post(asked["Location"], {"login": owner.email, "password": "owner-password"})
    assert signed_in["Location"] == "/console/people/?q=own"
    assert client.get(signed_in["Location"]).status_code == 200


def test_a_page_that_is_asked_for_signed_out_is_shown_after_signing_in(client: Client) -> None:
    assert _next(client.get("/console/people/?q=nia")) == "/console/people/?q=nia"


def test_a_browser_gets_a_page_and_a_program_the_methods(client: Client) -> None:
    shown = client.get(FORM, headers=BROWSER)
    assert shown.status_code == 405
    assert shown["Allow"] == "POST"
    assert "This address only accepts forms" in shown.content.decode()
    plain = client.get(FORM)
    assert (plain.status_code, plain["Allow"], plain.content) == (405, "POST", b"")
    assert client.head(FORM, headers=BROWSER).status_code == 405
    assert "application/json" in client.get("/api/v1/preflights/", headers=BROWSER).headers["content-type"]
