"""Asks an address as somebody, takes back whatever that wrote, and says in one word how it was answered."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.urls.exceptions import NoReverseMatch

from apps.workspaces.access.url_inventory import Address
from tests.access.world import Place, World

RANDOM_ID = "0b7f4c0e-5f5c-4b4e-9d53-0c9f6a1f2b3d"
RANDOM_TOKEN = "a-token-that-nobody-ever-made-000"
IN, FORBIDDEN, ABSENT, SIGN_IN = "in", "forbidden", "absent", "sign in"
CONFIRM = "confirm that it is you"
NO_WORKSPACE, NO_METHOD, FAULT = "no workspace", "no such method", "fault"
VALUES: dict[str, str] = {
    "example": "support_tickets",
    "upload_id": "4e1c9a52d8f24f0f9b1f3c5d7e9a1b2c",
    "upload": "20260101-4e1c9a52d8f24f0f9b1f3c5d7e9a1b2c",
    "number": "0",
    "uidb36": "1",
    "reset_key": "set-password",
    "provider": "nobody",
    "audit_kind": "jsonl",
    "import_file": "rejected.csv",
    "version_file": "kept.csv",
    "evaluation_file": "outputs.csv",
    "run_file": "metrics.csv",
    "comparison_file": "rows.csv",
    "content_type_id": "1",
    "object_id": "1",
    "app_label": "jobs",
    "admin_rest": "no-such-page/",
}
"""What stands in an address and is no object of a workspace."""


@dataclass
class Answer:
    word: str
    status: int
    body: str
    location: str = ""

    @property
    def told(self) -> tuple[int, str, str]:
        """Everything that somebody learns from it, without what differs from answer to answer anyway."""
        return self.status, _masked(self.location), _masked(self.body)


_MASKS = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (
        re.compile(r"(?<=[\"=]/[ae]/)[\w-]{20,}(?=/)"),
        "TOKEN",
    ),  # of the address that was asked, which its page repeats
    (re.compile(r"(?<=/)\d+(?=/)"), "ID"),
    (re.compile(r'(csrfmiddlewaretoken" value=")[^"]+'), r"\1T"),
    (re.compile(r'(nonce=")[^"]+'), r"\1N"),
    (re.compile(r'("X-CSRFToken": ")[^"]+'), r"\1T"),
    (re.compile(r"(csrf[a-z-]*&quot;: &quot;)[^&]+", re.I), r"\1T"),
]


def _masked(text: str) -> str:
    for pattern, plain in _MASKS:
        text = pattern.sub(plain, text)
    return text


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written inside is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(client: Client, method: str, path: str, data: Any = None, **extra: Any) -> Answer:
    """One request. The client keeps its cookies as they were, also when it was signed out on the way."""
    cookies = copy.deepcopy(client.cookies)
    json = path.startswith(("/api/", "/v1/"))
    body: dict[str, Any] = {} if data is None else data
    try:
        with taken_back():
            if method in ("GET", "HEAD"):
                response = client.generic(method, path, **extra)
            elif json:
                response = client.generic(method, path, _json(body), content_type="application/json", **extra)
            else:
                send = getattr(client, method.lower())
                response = send(path, body, **extra)
            return _answer(response)
    finally:
        client.cookies = cookies


def _json(body: Any) -> str:
    from json import dumps

    return dumps(body)


def _answer(response: Any) -> Answer:
    if getattr(response, "streaming", False):
        is_async = response.is_async
        body = "" if is_async else b"".join(response.streaming_content).decode(errors="replace")
    else:
        body = response.content.decode(errors="replace")
    location = response.headers.get("Location", "")
    return Answer(_word(response.status_code, location), response.status_code, body, location)


def _word(status: int, location: str) -> str:
    if status == 401 or (
        300 <= status < 400 and location.startswith((reverse(settings.LOGIN_URL), "/admin/login"))
    ):
        return SIGN_IN
    if 300 <= status < 400 and location.startswith(
        (
            reverse("account_reauthenticate"),
            reverse("mfa_reauthenticate"),
            reverse("mfa_reauthenticate_webauthn"),
        )
    ):
        return CONFIRM
    if 300 <= status < 400 and location == reverse("home:no_workspace"):
        return NO_WORKSPACE
    words = {403: FORBIDDEN, 404: ABSENT, 405: NO_METHOD}
    return FAULT if status >= 500 else words.get(status, IN)


def path_of(address: Address, arguments: list[str]) -> str:
    """The path with these values in its places, in order."""
    if ":" in address.key or not re.search(r"[<(]", address.route):
        try:
            return reverse(address.key, args=arguments)
        except NoReverseMatch:
            if not re.search(r"[<(]", address.route):
                return f"/{address.route}"
    path = address.route
    for value in arguments:
        path = re.sub(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)", quote(value), path, count=1)
    return "/" + re.sub(r"[\^$]", "", path)


def own(world: World, place: Place, address: Address, person: str) -> list[str]:
    """The address of what lies in `place`."""
    access_rule = address.access_rule
    assert access_rule is not None
    return [place.id_of(kind, person) for kind in access_rule.of] + [
        VALUES.get(name) or place.id_of(name) for name in access_rule.values
    ]


def of_somebody_else(place: Place, address: Address, person: str) -> list[str]:
    """As `own`, but what lies inside is another visitor's or another member's; empty where nothing is anybody's own."""
    access_rule = address.access_rule
    assert access_rule is not None
    other = "owner" if person != "owner" else "editor"
    inner = [
        place.things.get(f"strangers_{kind}") or place.of_member.get((kind, other))
        for kind in access_rule.of[1:]
    ]
    return [place.id_of(access_rule.of[0]), *(str(row.pk) for row in inner)] if all(inner) else []


def random_like(kind: str, known: str) -> str:
    """An id of that kind that nothing has."""
    if kind == "link_token":
        return RANDOM_TOKEN
    try:
        UUID(known)
    except ValueError:
        return "987654321"
    return RANDOM_ID
