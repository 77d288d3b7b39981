"""Redis connections: one client for threads, one for each event loop."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings

AsyncRedis = Any
"""redis-py types its streams for all protocols at once; what comes back here is (id, {field: text}) pairs."""

_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncRedis] = WeakKeyDictionary()


@cache
def _sync_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_connect_timeout=3, socket_timeout=10)


def sync_redis() -> Any:
    return _sync_client(settings.REDIS_URL)


def async_redis() -> AsyncRedis:
    """The client of the running loop. Blocking reads wait for as long as they say, so sockets never time out."""
    loop = asyncio.get_running_loop()
    if loop not in _of_loop:
        _of_loop[loop] = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, decode_responses=True, socket_connect_timeout=3, socket_timeout=None
        )
    return _of_loop[loop]
