"""The Redis client that the threads of a process share. Django's cache would open a connection for every request."""

from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

AWAY = (redis.ConnectionError, redis.TimeoutError)
"""What is raised while Redis does not answer. Waiting is all it takes: the request is answered with 503."""
AGAIN_AFTER_SECONDS = 5


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_connect_timeout=3, socket_timeout=10)


def sync_redis() -> Any:
    return _client(settings.REDIS_URL)


def away_message() -> str:
    return _("A part of the studio does not answer at the moment. Wait a few seconds, then try again.")


def require_running_studio() -> None:
    """For commands that change what processes of the studio hold. Raises CommandError when its Redis does not answer."""
    try:
        sync_redis().ping()
    except redis.RedisError as error:
        raise CommandError(
            "The studio does not run. Start it (make run), then give this command again."
        ) from error
