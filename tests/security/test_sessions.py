"""What a session is worth: nobody can prepare one for somebody else, and a stolen old one opens nothing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db


def test_signing_in_makes_a_new_session(owner: Any) -> None:
    """A session that an attacker planted in somebody's browser is not the one that they are then signed in with."""
    client = Client()
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = client.cookies[site_settings.SESSION_COOKIE_NAME].value
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


def _stored_texts() -> list[str]:
    """Every value of every text column that a reader of the database finds."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [str(value) for row in cursor.fetchall() for value in row]
    return found


def test_what_the_database_holds_of_a_session_opens_nothing(client_for: Any, owner: Any) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": owner.email, "password": "owner-password"})
    cookie = client.cookies[site_settings.SESSION_COOKIE_NAME].value
    assert client.get("/data/").status_code == 200
    assert not [text for text in _stored_texts() if cookie in text]
    thief = Client()
    for key in Session.objects.values_list("session_key", flat=True):
        thief.cookies[site_settings.SESSION_COOKIE_NAME] = key
        assert thief.get("/data/").status_code == 302
    assert client.get("/data/").status_code == 200


def test_sessions_of_before_go_on_after_the_upgrade(client_for: Any, owner: Any) -> None:
    """Rows that hold the cookie itself, as earlier versions wrote them, are replaced by its hash."""
    from django.apps import apps

    client = client_for(owner)
    cookie = client.cookies[site_settings.SESSION_COOKIE_NAME].value
    Session.objects.update(session_key=cookie[:40])
    client.cookies[site_settings.SESSION_COOKIE_NAME] = cookie[:40]
    assert client.get("/data/").status_code == 302
    import_module("apps.accounts.migrations.0004_hashed_session_keys").hash_keys(apps, None)
    client.cookies[site_settings.SESSION_COOKIE_NAME] = cookie[:40]
    assert client.get("/data/").status_code == 200
