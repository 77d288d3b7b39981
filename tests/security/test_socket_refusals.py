"""Which pages may open a WebSocket: those of this site, and of no other, sub-domains and made-up names included."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from apps.core.sockets import WRONG_ORIGIN, origin_refusal
from studio.urls import websocket_urlpatterns

SITE = "https://studio.example.com"
VALUES = {"uuid": "0b7f4c0e-5f5c-4b4e-9d53-0c9f6a1f2b3d", "str": "a-token"}
FOREIGN = [
    None,
    "",
    "null",
    "https://evil.example",
    "https://evil.studio.example.com",
    "https://example.com",
    "https://studio.example.com.evil.example",
    "https://studio.example.com:8443",
    "http://studio.example.com",
    "https://studio.example.com@evil.example",
    "https://evil.example/?https://studio.example.com",
    "ftp://studio.example.com",
    "file://",
    "studio.example.com",
]


def paths() -> list[str]:
    """An address of every socket that there is."""
    return [
        "/" + re.sub(r"<(\w+):\w+>", lambda found: VALUES[found[1]], str(pattern.pattern))
        for pattern in websocket_urlpatterns
    ]


async def knock(path: str, origin: str | None, host: str) -> dict[str, Any]:
    from studio.asgi import application

    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope = {
        "type": "websocket",
        "path": path,
        "headers": headers,
        "query_string": b"",
        "subprotocols": [],
        "client": ["192.0.2.7", 1234],
    }
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    answer: dict[str, Any] = await socket.receive_output(10)
    await socket.wait()
    return answer


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.SITE_URL = SITE
    settings.ALLOWED_HOSTS = ["studio.example.com"]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", paths())
async def test_every_socket_refuses_other_sites_and_says_why_in_the_log(
    path: str, origin: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="apps.core.sockets"):
        answer = await knock(path, origin, "studio.example.com")
    assert answer == {"type": "websocket.close", "code": WRONG_ORIGIN}
    message = caplog.records[-1].getMessage()
    assert "Refused a WebSocket from 192.0.2.7" in message
    assert (repr(origin) if origin else "no Origin header") in message


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "192.0.2.1:8000", "studio.example.com.evil.example"]
)
async def test_a_foreign_name_that_leads_here_is_refused(host: str, caplog: pytest.LogCaptureFixture) -> None:
    """A page of evil.example, whose name was made to lead to this machine, is its own host and its own origin."""
    with caplog.at_level(logging.WARNING, logger="apps.core.sockets"):
        answer = await knock("/ws/try/", f"https://{host}", host)
    assert answer["code"] == WRONG_ORIGIN
    assert "ALLOWED_HOSTS" in caplog.text


@pytest.mark.parametrize(
    ("site_url", "origin", "host", "opens"),
    [
        (SITE, SITE, "studio.example.com", True),
        (SITE, "https://STUDIO.example.com", "studio.example.com", True),
        # Behind a proxy that passes its own name for the host.
        (SITE, SITE, "web:8000", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "http://localhost:8000", "localhost:8000", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:9000", "127.0.0.1:8000", False),
        ("http://127.0.0.1:8000", "http://192.0.2.9:8000", "192.0.2.9:8000", False),
    ],
)
def test_which_origins_open_a_socket(
    site_url: str, origin: str, host: str, opens: bool, settings: Any
) -> None:
    settings.SITE_URL = site_url
    settings.ALLOWED_HOSTS = ["studio.example.com", "localhost", "127.0.0.1"]
    assert (origin_refusal(origin, host) == "") is opens
