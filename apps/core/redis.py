"""The Redis client that the threads of a process share. Django's cache would open a connection for every request."""

from functools import cache
from typing import Any

import redis
from django.conf import settings


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_connect_timeout=3, socket_timeout=10)


def sync_redis() -> Any:
    return _client(settings.REDIS_URL)
