"""Opens WebSockets only for pages of this site; a refusal is logged with its reason."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

logger = logging.getLogger(__name__)

Application = Callable[..., Awaitable[Any]]


class SameOriginOnly:
    """ASGI middleware: the Origin header must name the host that was asked for, or SITE_URL."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = dict(scope.get("headers", []))
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        if urlsplit(origin).netloc in {host, urlsplit(settings.SITE_URL).netloc} - {""}:
            return await self.inner(scope, receive, send)
        logger.warning("Refused a WebSocket from origin %r: this site is %r", origin, host)
        return await send({"type": "websocket.close", "code": 4403})
