"""The Redis client that the threads of a process share. Django's cache would open a connection for every request."""

from functools import cache
from typing import Any

import redis
import redis.asyncio
from channels_redis.core import RedisChannelLayer
from django.conf import settings
from django.core.management.base import CommandError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

AWAY = (redis.ConnectionError, redis.TimeoutError)
"""What is raised while Redis does not answer. Waiting is all it takes: the request is answered with 503."""
CONNECTIONS = 64
POOL_WAIT_SECONDS = 3


class PoolFull(redis.ConnectionError):
    """Every connection of this process was in use for as long as a request waits for one."""


class WritesRefused(redis.ConnectionError):
    """Redis answers, but takes no writes: its disk or its memory is full, or it became a replica."""


def refuses_writes(error: BaseException) -> bool:
    """Whether Redis said so; redis-py has a class for some of these answers and none for the others."""
    if isinstance(error, (WritesRefused, OutOfMemoryError, ReadOnlyError)):
        return True
    return isinstance(error, ResponseError) and str(error).startswith(("MISCONF", "NOREPLICAS"))


def _is_full(error: redis.ConnectionError) -> bool:
    """redis-py raises the same class for a full pool as where Redis is away."""
    return "No connection available" in str(error)


class WaitingPool(redis.BlockingConnectionPool):
    """A request waits for a free connection, which each command holds for milliseconds."""

    def get_connection(self, *args: Any, **options: Any) -> Any:
        try:
            return super().get_connection(*args, **options)  # type: ignore[no-untyped-call]
        except redis.ConnectionError as error:
            if _is_full(error):
                raise PoolFull(str(error)) from error
            raise


class AsyncWaitingPool(redis.asyncio.BlockingConnectionPool):
    """The same in an event loop."""

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().get_connection(*args, **options)  # type: ignore[no-untyped-call]
        except redis.ConnectionError as error:
            if _is_full(error):
                raise PoolFull(str(error)) from error
            raise


class WaitingChannelLayer(RedisChannelLayer):
    """Of many that join their groups at once, some wait for a connection instead of failing."""

    def create_pool(self, index: int) -> AsyncWaitingPool:
        options = dict(self.hosts[index])
        address = options.pop("address")
        return AsyncWaitingPool.from_url(
            address, max_connections=CONNECTIONS, timeout=POOL_WAIT_SECONDS, **options
        )


@cache
def _client(url: str) -> redis.Redis:
    pool = WaitingPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=POOL_WAIT_SECONDS,
        decode_responses=True,
        socket_connect_timeout=3,
        socket_timeout=10,
    )
    return redis.Redis.from_pool(pool)


def sync_redis() -> Any:
    return _client(settings.REDIS_URL)


def require_running_studio() -> None:
    """For commands that change what processes of the studio hold. Raises CommandError when its Redis does not answer."""
    try:
        sync_redis().ping()
    except redis.RedisError as error:
        raise CommandError(
            "The studio does not run. Start it (make run), then give this command again."
        ) from error
