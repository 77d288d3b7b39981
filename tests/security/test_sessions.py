"""What a session is worth: nobody can prepare one for somebody else, and a stolen old one opens nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as site_settings
from django.test import Client

pytestmark = pytest.mark.django_db


def test_signing_in_makes_a_new_session(owner: Any) -> None:
    """A session that an attacker planted in somebody's browser is not the one that they are then signed in with."""
    client = Client()
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = session.session_key
    client.cookies[site_settings.SESSION_COOKIE_NAME] = planted
    assert (
        client.post("/accounts/login/", {"login": owner.email, "password": "owner-password"}).status_code
        == 302
    )
    assert client.cookies[site_settings.SESSION_COOKIE_NAME].value != planted
    assert client.get("/data/").status_code == 200
    thief = Client()
    thief.cookies[site_settings.SESSION_COOKIE_NAME] = planted
    assert thief.get("/data/").status_code == 302


def test_signing_out_ends_the_session_on_the_server(client_for: Any, owner: Any) -> None:
    client = client_for(owner)
    stolen = client.cookies[site_settings.SESSION_COOKIE_NAME].value
    client.post("/accounts/logout/")
    thief = Client()
    thief.cookies[site_settings.SESSION_COOKIE_NAME] = stolen
    assert thief.get("/data/").status_code == 302
