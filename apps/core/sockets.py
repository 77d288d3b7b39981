"""What every WebSocket asks for: only pages of this site come in, at a bounded rate, and where a part of the studio does not work
they are told to come back. A refusal is logged with its reason."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from apps.core.client_addresses import address_of_scope, limited_as
from apps.core.outages import AGAIN_AFTER_SECONDS, outage_of
from apps.core.rate_limits import Rate, take

logger = logging.getLogger(__name__)

Application = Callable[..., Awaitable[Any]]

WRONG_ORIGIN = 4403
TOO_OFTEN = 4429
TRY_AGAIN_LATER = 1013
MESSAGES, IN_SECONDS = 120, 10
"""What one socket may say: a page that resumes many answers at once stays far below it."""


def origin_refusal(origin: str, host: str) -> str:
    """Why a page of `origin` may not open a socket at `host`; empty when it may.

    A browser always says where a page comes from, and sends the person's cookies along wherever that is.
    """
    if not origin:
        return "there is no Origin header"
    ours = urlsplit(settings.SITE_URL)
    page = urlsplit(origin)
    if page.scheme not in ("http", "https") or not page.netloc:
        return f"the origin {origin!r} is no web page"
    if ours.scheme == "https" and page.scheme != "https":
        return f"the origin {origin!r} is not https as this site is"
    if page.netloc.lower() == ours.netloc.lower():
        return ""
    if page.netloc.lower() != host.lower():
        return (
            f"the origin {origin!r} is another site than {host!r}, and SITE_URL is {settings.SITE_URL!r}. If people open "
            f"the studio at {origin}, set SITE_URL to that, let the proxy send the header Host, and start the studio again"
        )
    # A foreign name that was made to lead to this machine is its own origin and its own host.
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return f"the host {host!r} is not among ALLOWED_HOSTS"
    return ""


class SameOriginOnly:
    """ASGI middleware: the Origin header must name this site."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = dict(scope.get("headers", []))
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        reason = origin_refusal(origin, host)
        if not reason:
            return await self.inner(scope, receive, send)
        logger.warning("Refused a WebSocket from %s: %s", address_of_scope(scope), reason)
        return await send({"type": "websocket.close", "code": WRONG_ORIGIN})


class TellsOutages:
    """ASGI middleware: what needs Redis or the database while they do not work is no fault of the socket's."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        passed: set[str] = set()

        async def receive_noting() -> Any:
            message = await receive()
            passed.add(message["type"])
            return message

        async def send_noting(message: Any) -> None:
            passed.add(message["type"])
            await send(message)

        try:
            return await self.inner(scope, receive_noting, send_noting)
        except Exception as error:
            if not (outage := outage_of(error)):
                raise
            logger.error("Closed a WebSocket from %s: %s", address_of_scope(scope), outage.log)
        if passed.isdisjoint({"websocket.accept", "websocket.close", "websocket.disconnect"}):
            return await _refuse(scope, send, outage.status, AGAIN_AFTER_SECONDS, TRY_AGAIN_LATER)
        if passed.isdisjoint({"websocket.close", "websocket.disconnect"}):
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        return None


class WithinRates:
    """ASGI middleware: bounds how often one address opens sockets, and how much one socket says."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        address = address_of_scope(scope)
        rate = Rate(settings.SOCKETS_PER_MINUTE)
        if wait := await asyncio.to_thread(take, f"sockets:{limited_as(address)}", rate):
            logger.warning("Refused a WebSocket from %s: more than %d in a minute", address, rate.most)
            return await _refuse(scope, send, 429, wait, TOO_OFTEN)
        return await self.inner(scope, _bounded(receive, send, address), send)


def _bounded(receive: Any, send: Any, address: str) -> Any:
    """`receive`, closing the socket once it has said too much."""
    began, said = time.monotonic(), 0

    async def bounded() -> Any:
        nonlocal began, said
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        now = time.monotonic()
        if now - began > IN_SECONDS:
            began, said = now, 0
        said += 1
        if said <= MESSAGES:
            return message
        logger.warning("Closed a WebSocket from %s: over %d messages in %d s", address, MESSAGES, IN_SECONDS)
        await send({"type": "websocket.close", "code": TOO_OFTEN})
        return {"type": "websocket.disconnect", "code": TOO_OFTEN}

    return bounded


async def _refuse(scope: dict[str, Any], send: Any, status: int, wait: int, code: int) -> Any:
    """`status` with Retry-After where the server can say so before the handshake, else a closing code."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        return await send({"type": "websocket.close", "code": code})
    headers = [(b"retry-after", str(wait).encode()), (b"content-length", b"0")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    return await send({"type": "websocket.http.response.body", "body": b""})
