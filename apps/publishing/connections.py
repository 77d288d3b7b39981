"""Redis connections of each event loop; threads share `apps.core.redis`."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings

from apps.core.redis import CONNECTIONS, POOL_WAIT_SECONDS, AsyncWaitingPool, sync_redis

AsyncRedis = Any
"""redis-py types its streams for all protocols at once; what comes back here is (id, {field: text}) pairs."""

_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncRedis] = WeakKeyDictionary()


def async_redis() -> AsyncRedis:
    """The client of the running loop. Blocking reads wait for as long as they say, so sockets never time out."""
    loop = asyncio.get_running_loop()
    if loop not in _of_loop:
        pool = AsyncWaitingPool.from_url(
            settings.REDIS_URL,
            max_connections=2 * CONNECTIONS,
            timeout=POOL_WAIT_SECONDS,
            decode_responses=True,
            socket_connect_timeout=3,
            socket_timeout=None,
        )
        _of_loop[loop] = redis.asyncio.Redis.from_pool(pool)
    return _of_loop[loop]


__all__ = ["AsyncRedis", "async_redis", "sync_redis"]
