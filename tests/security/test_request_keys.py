"""What a program sends twice is answered once, and two different requests never count as one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.publishing.models import Message

pytestmark = pytest.mark.django_db


def ask(client: Client, token: str, text: str, key: str) -> Any:
    body = {"type": "ask", "text": text, "request_key": key}
    return client.post(
        f"/a/{token}/act/", body, content_type="application/json", headers={"Accept": "application/json"}
    )


def test_long_request_keys_with_one_beginning_are_two_requests(link: Any) -> None:
    client, beginning = Client(), "k" * 60
    client.get(f"/a/{link[1]}/")
    for text, key in (("First", "1"), ("Second", "2"), ("Second", "2")):
        assert ask(client, link[1], text, beginning + key).status_code == 200
    assert sorted(Message.objects.filter(role="user").values_list("text", flat=True)) == ["First", "Second"]
