"""A disk without room is said to be full: on every page that can still be drawn, and instead of any fault."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client


def test_a_fault_on_a_full_disk_says_that_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    monkeypatch.setattr("apps.core.views.connection", None)
    other = client.get("/healthz")
    assert other.status_code == 500
    assert "The disk is full" not in other.content.decode()
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=4096))
    # No database may be asked on the way: this test has none.
    full = client.get("/healthz")
    assert full.status_code == 507
    assert "The disk is full" in full.content.decode()
    assert 'class="empty-state"' in full.content.decode(), "what a part of a page takes its toast from"


@pytest.mark.django_db
def test_pages_that_can_be_drawn_say_it_too(client_for, owner, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_for(owner)
    assert "The disk is full" not in client.get("/runs/").content.decode()
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=4096))
    assert "The disk is full" in client.get("/runs/").content.decode()
