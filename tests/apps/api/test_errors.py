"""Where nothing is, and where we failed, programs get errors in their shape, people get pages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.test import Client

from apps.publishing.models import App
from apps.workspaces.models import ApiKey
from tests.apps.api.conftest import error_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api", "/api/v1/datasetz/", "/api/v2/", "/api/v1/runs/none/"])
def test_nothing_is_there_for_a_script(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert error_of(response) == ("not_found", None)


def test_nothing_is_there_for_a_person(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_our_own_mistakes_are_told_in_the_same_shapes(
    key_of: Any, owner: Any, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of ours")

    asking = Client(raise_request_exception=False)
    of_app, of_workspace = key_of(owner, app=app), key_of(owner)
    monkeypatch.setattr(ApiKey.objects.__class__, "note_use", fail)
    told = asking.get("/v1/models", headers={"Authorization": f"Bearer {of_app}"})
    assert (told.status_code, told.json()["error"]["type"]) == (500, "server_error")
    response = asking.get("/api/v1/runs/", headers={"Authorization": f"Bearer {of_workspace}"})
    assert response.status_code == 500
    assert error_of(response) == ("error", None)
    assert "secret" not in f"{told.content!r}{response.content!r}"
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=4096))
    full = asking.get("/v1/models", headers={"Authorization": f"Bearer {of_app}"})
    assert (full.status_code, "disk is full" in full.json()["error"]["message"]) == (507, True)


def test_programs_are_told_to_come_back_while_redis_is_away(
    key_of: Any, owner: Any, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise redis.ConnectionError("refused")

    of_app, of_workspace = key_of(owner, app=app), key_of(owner)
    monkeypatch.setattr(ApiKey.objects.__class__, "note_use", away)
    asking = Client()
    told = asking.get("/v1/models", headers={"Authorization": f"Bearer {of_app}"})
    assert (told.status_code, told["Retry-After"]) == (503, "5")
    assert (told.json()["error"]["type"], told.json()["error"]["code"]) == ("server_error", "away")
    response = asking.get("/api/v1/runs/", headers={"Authorization": f"Bearer {of_workspace}"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert error_of(response) == ("away", None)
