"""A database that is locked (a backup), and a write that nobody misses: pages and programs are told to come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from apps.accounts import services as accounts
from apps.core.database import is_unavailable, wait_for_database
from apps.workspaces.models import ApiKey, Workspace
from tests.fixtures.locked_database import locked_database

pytestmark = pytest.mark.django_db(transaction=True)
only_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="Postgres locks rows, not the database"
)
CREATE = "/workspace/new/"


@pytest.fixture
def key(owner: Any, workspace: Workspace) -> str:
    """The secret of the owner's API key."""
    from apps.workspaces.access.api_keys import create_api_key

    return create_api_key(actor=owner, workspace=workspace, name="A script")[1]


@pytest.fixture
def impatient() -> Iterator[None]:
    """Connections wait a fifth of a second for the lock instead of twenty seconds."""
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)
    options.update(init_command="PRAGMA busy_timeout=200;", timeout=0.2)
    connections.close_all()
    yield
    options.update(before)
    connections.close_all()


@only_sqlite
def test_a_write_says_when_to_come_back(client_for: Any, owner: Any, key: str, impatient: None) -> None:
    client = client_for(owner)
    headers = {"Authorization": f"Bearer {key}"}
    with locked_database():
        page = client.post(CREATE, {"name": "Another"})
        told = Client().post("/api/v1/preflights/", {}, content_type="application/json", headers=headers)
        assert (page.status_code, page["Retry-After"]) == (503, "5")
        assert told.status_code in (400, 503)
    assert client.post(CREATE, {"name": "Another"}).status_code == 302
    assert Workspace.objects.filter(name="Another").count() == 1


@only_sqlite
def test_a_script_that_asks_an_app_is_told_when_to_ask_again(link: Any, impatient: None) -> None:
    client, address = Client(), f"/a/{link[1]}/"
    client.get(address)
    with locked_database():
        told = client.post(
            f"{address}act/",
            {"type": "ask", "text": "Hello"},
            content_type="application/json",
            headers={"Accept": "application/json"},
        )
    assert (told.status_code, told["Retry-After"], told.json()["code"]) == (503, "5", "away")


@only_sqlite
def test_reading_goes_on_and_does_not_wait_for_what_nobody_misses(
    client_for: Any, owner: Any, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With SQLite's usual patience: noting the use of a session or of a key would wait for twenty seconds."""
    client = client_for(owner)
    client.get("/data/")
    ApiKey.objects.update(last_used_at=None)
    monkeypatch.setattr(accounts, "_note_again", {})
    monkeypatch.setattr(accounts, "NOTED_EVERY", accounts.timedelta(seconds=-60))
    began = time.monotonic()
    with locked_database():
        assert client.get("/data/").status_code == 200
        answer = Client().get("/api/v1/runs/", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200
    assert time.monotonic() - began < 15
    assert ApiKey.objects.get().last_used_at is None
    assert Client().get("/api/v1/runs/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert ApiKey.objects.get().last_used_at is not None


def test_a_database_that_goes_away_before_any_view_is_no_fault(
    client_for: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions are read by middleware, whose errors no view and no middleware of ours sees."""
    client = client_for(owner)
    client.raise_request_exception = False

    def refuse(*_: Any) -> None:
        raise OperationalError("database is locked: connection refused")

    monkeypatch.setattr("apps.accounts.sessions.SessionStore.load", refuse)
    page, told = client.get("/data/"), client.get("/api/v1/runs/")
    assert [(answer.status_code, answer["Retry-After"]) for answer in (page, told)] == [(503, "5")] * 2
    assert "Something went wrong" not in page.content.decode()
    assert set(told.json()["error"]) == {"code", "message", "field"}


def test_a_mistake_of_ours_is_no_outage() -> None:
    with pytest.raises(Exception, match="nowhere") as caught, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")
    assert not is_unavailable(caught.value)
    with pytest.raises(type(caught.value)):
        wait_for_database(lambda: (_ for _ in ()).throw(caught.value))
