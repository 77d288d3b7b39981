"""What is logged opens nothing: neither the address of a link, of an invitation, of a reset, nor a key."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.access.url_inventory import addresses
from apps.workspaces.models import Role
from apps.workspaces.team import invitations

pytestmark = pytest.mark.django_db
SECRET = {"link_token", "invitation_token", "reset_key", "confirmation_key"}
"""What in an address lets somebody in, by its name in the access table."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of the settings writes."""
    stream = io.StringIO()
    (handler,) = (h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


def test_every_secret_address_of_the_table_is_hidden(log: io.StringIO) -> None:
    assert settings.LOGGING["root"]["handlers"] == ["console"]
    tried = 0
    for address in addresses():
        access_rule = address.access_rule
        assert access_rule is not None
        if not SECRET & {*access_rule.of, *access_rule.values}:
            continue
        path = "/" + re.sub(r"[\^$]", "", address.route)
        path = re.sub(r"<uuid:[^>]+>", "an-id", path)
        path = re.sub(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)", "the-secret", path)
        for line in (f"Not Found: {path}", f'127.0.0.1:5 - "WebSocket {path}?after=3" [accepted]'):
            logging.getLogger("django.request").warning("%s", line)
        tried += 1
    assert tried > 8
    assert log.getvalue().count("…") == 2 * tried
    assert "the-secret" not in log.getvalue()


def test_refused_requests_do_not_give_their_address_away(
    log: io.StringIO, link: Any, owner: Any, workspace: Any
) -> None:
    _, invitation = invitations.create_invitation(actor=owner, workspace=workspace, role=Role.VIEWER)
    _, key = create_api_key(actor=owner, workspace=workspace, name="script")
    client = Client()
    assert client.get(f"/a/{link[1]}/act/").status_code == 405
    assert client.put(f"/workspace/join/{invitation}/").status_code == 405
    assert client.get(f"/api/v1/apps/?api_key={key}").status_code == 401
    assert client.post("/api/v1/jobs/", headers={"Authorization": f"Bearer {key}"}).status_code == 405
    said = log.getvalue()
    assert said.count("Method Not Allowed") == 3, said
    for secret in (link[1], invitation, key):
        assert secret not in said
    assert "/api/v1/jobs/" in said, "what is no secret stays readable"
