"""Callers of the REST API: a key each, and a client that sends it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.models import Workspace

ROOT = "/api/v1/"


class Caller:
    """A script with a key."""

    def __init__(self, secret: str | None) -> None:
        headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
        self.client = Client(headers=headers, enforce_csrf_checks=True)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(ROOT + path, query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(ROOT + path, {} if body is None else body, content_type="application/json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(ROOT + path, body, content_type="application/json")

    def send(self, path: str, form: dict[str, Any]) -> Any:
        """As multipart."""
        return self.client.post(ROOT + path, form)

    def delete(self, path: str) -> Any:
        return self.client.delete(ROOT + path)


@pytest.fixture
def key_of(workspace: Workspace) -> Callable[..., str]:
    """The secret of a new key that a user made."""

    def make(user: User, **fields: Any) -> str:
        return create_api_key(actor=user, workspace=workspace, name="script", **fields)[1]

    return make


@pytest.fixture
def caller(key_of: Callable[..., str], editor: User) -> Caller:
    return Caller(key_of(editor))


def error_of(response: Any) -> tuple[str, str | None]:
    """Code and field of an error; its shape is always the same."""
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "field"}
    assert body["error"]["message"]
    return body["error"]["code"], body["error"]["field"]
