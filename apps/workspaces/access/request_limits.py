"""How much a request may bring. Django reads it whole, to the disk, before it looks at who sends it."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http.request import HttpHeaders
from django.utils.translation import gettext as _

from apps.accounts.sessions import SessionStore
from apps.core.client_addresses import address_of_scope
from apps.core.database import database_call
from apps.workspaces.access.api_keys import KeyRefused, sent_key

logger = logging.getLogger(__name__)

Application = Callable[..., Awaitable[Any]]

TAKE_FILES = ("/data/", "/models/bases/upload/", "/api/v1/datasets/")
"""Beginnings of the addresses that take files; what any other takes fits into memory."""
FORM_BYTES = 1 << 20
"""What a form has around its file."""
TOO_LARGE = 413


class BoundedBodies:
    """ASGI middleware: 413 once a body is larger than its address takes, or larger than a stranger may send anywhere."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        body = _Body(scope, receive, send)
        if await body.is_too_large(body.declared):
            return await body.refuse()
        return await self.inner(scope, body.receive, body.send)


class _Body:
    def __init__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._size, self._most, self._is_refused = 0, settings.DATA_UPLOAD_MAX_MEMORY_SIZE + FORM_BYTES, False
        self._is_judged = False
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        self._headers = HttpHeaders(
            {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}
        )
        declared = dict(headers).get("content-length", "")
        self.declared = int(declared) if declared.isdecimal() else 0

    async def receive(self) -> dict[str, Any]:
        """The next piece; once there were too many, what a client that has gone says."""
        message: dict[str, Any] = await self._receive()
        self._size += len(message.get("body", b""))
        if not await self.is_too_large(self._size):
            return message
        await self.refuse()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if not self._is_refused:
            await self._send(message)

    async def is_too_large(self, size: int) -> bool:
        """Who sends it is asked only about what strangers may not send."""
        if size > self._most and not self._is_judged:
            self._is_judged = True
            if self._scope["path"].startswith(TAKE_FILES) and await _is_known(self._headers):
                self._most = (settings.UPLOAD_LIMIT_MB << 20) + FORM_BYTES
        return size > self._most

    async def refuse(self) -> None:
        logger.warning(
            "Refused a body of over %d bytes for %r from %s",
            self._most,
            self._scope["path"][:100],
            address_of_scope(self._scope),
        )
        content = _refusal(self._scope["path"], self._most).encode()
        kind = b"application/json" if self._scope["path"].startswith(("/api/", "/v1/")) else b"text/plain"
        headers = [
            (b"content-type", kind + b"; charset=utf-8"),
            (b"content-length", str(len(content)).encode()),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        await self._send({"type": "http.response.start", "status": TOO_LARGE, "headers": headers})
        await self._send({"type": "http.response.body", "body": content})
        self._is_refused = True


def _refusal(path: str, most: int) -> str:
    # What a form has around its file is no part of the file.
    limit_mb = min(most >> 20, settings.UPLOAD_LIMIT_MB)
    message = _("The request is larger than the limit of %(limit)d MB.") % {"limit": limit_mb}
    if not path.startswith(("/api/", "/v1/")):
        return message
    # In the shape of the one API and of the other.
    names = {"type": "invalid_request_error", "param": None, "field": None}
    return json.dumps({"error": {"code": "too_large", "message": message, **names}})


@database_call
def _is_known(headers: HttpHeaders) -> bool:
    """Whether a person is signed in, or sends a live key. What they may do is decided later, as for every request."""
    try:
        if sent_key(headers, {}):
            return True
        cookies = SimpleCookie(headers.get("Cookie", ""))
    except (KeyRefused, CookieError):
        return False
    if settings.SESSION_COOKIE_NAME not in cookies:
        return False
    session = SessionStore.of_cookie(cookies[settings.SESSION_COOKIE_NAME].value)
    return SESSION_KEY in session
