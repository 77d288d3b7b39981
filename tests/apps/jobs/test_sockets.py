"""The socket that tells a page to look again: who may open it, from where, and what it says."""

import json
import logging

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import Client

from apps.jobs.services import group_of, hint_changed
from studio.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)
HOST = b"studio.example"


def cookie_of(user) -> str:
    client = Client()
    if user is not None:
        client.force_login(user)
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    return ""


async def open_socket(path: str, user=None, origin: bytes | None = b"http://studio.example"):
    headers = [(b"host", HOST), (b"cookie", (await sync_to_async(cookie_of)(user)).encode())]
    if origin is not None:
        headers.append((b"origin", origin))
    scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b"", "subprotocols": []}
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output(10)
    return socket, answer["type"] == "websocket.accept"


async def close(socket) -> None:
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait()


async def test_a_member_hears_that_the_job_changed(viewer, new_job) -> None:
    job = await sync_to_async(new_job)("run", "running")
    socket, connected = await open_socket(f"/ws/jobs/{job.pk}/", viewer)
    assert connected
    await sync_to_async(hint_changed)(job.pk)
    assert json.loads((await socket.receive_output(10))["text"]) == {"type": "changed"}
    other = await sync_to_async(new_job)("run", "running")
    await sync_to_async(hint_changed)(other.pk)
    assert await socket.receive_nothing(timeout=0.3)
    await close(socket)


async def test_after_leaving_nothing_is_sent_to_it(viewer, new_job) -> None:
    job = await sync_to_async(new_job)("run", "running")
    socket, _connected = await open_socket(f"/ws/jobs/{job.pk}/", viewer)
    await close(socket)
    layer = get_channel_layer()
    connection = layer.connection(0)
    assert await connection.zcard(layer._group_key(group_of(job.pk))) == 0


async def test_a_visitor_and_an_outsider_are_refused(outsider, new_job) -> None:
    job = await sync_to_async(new_job)("run", "running")
    for user in (None, outsider):
        _socket, connected = await open_socket(f"/ws/jobs/{job.pk}/", user)
        assert not connected


async def test_a_job_that_is_not_there_is_refused(viewer) -> None:
    _socket, connected = await open_socket("/ws/jobs/00000000-0000-0000-0000-000000000000/", viewer)
    assert not connected


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        (b"http://evil.example", "is another site than 'studio.example'"),
        (b"http://evil.example", "set SITE_URL to that, let the proxy send the header Host"),
        (b"http://studio.example.evil.example", "is another site than 'studio.example'"),
        (b"null", "'null' is no web page"),
        (b"", "there is no Origin header"),
        (None, "there is no Origin header"),
    ],
)
async def test_another_site_is_refused_with_the_reason_in_the_log(
    viewer, new_job, origin, reason, caplog
) -> None:
    job = await sync_to_async(new_job)("run", "running")
    with caplog.at_level(logging.WARNING, logger="apps.core.sockets"):
        _socket, connected = await open_socket(f"/ws/jobs/{job.pk}/", viewer, origin)
    assert not connected
    assert "Refused a WebSocket" in caplog.text
    assert reason in caplog.text


async def test_the_address_in_the_settings_is_this_site_too(viewer, new_job, settings) -> None:
    settings.SITE_URL = "https://public.example"
    job = await sync_to_async(new_job)("run", "running")
    socket, connected = await open_socket(f"/ws/jobs/{job.pk}/", viewer, b"https://public.example")
    assert connected
    await close(socket)
