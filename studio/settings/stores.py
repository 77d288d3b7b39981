"""Database, cache, sessions and the channel layer."""

from typing import Any
from urllib.parse import quote

import redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from studio.settings.environment import DATA_DIR, REDIS_URL, env

# Closed with each request: under ASGI a request has a thread of its own, and no other request would find its connection.
# Those that stay open (apps.core.database) are looked at before each use.
DATABASES: dict[str, Any] = {
    "default": env.dj_db_url(
        "DATABASE_URL",
        f"sqlite:///{quote(str(DATA_DIR / 'studio.sqlite3'))}",
        conn_max_age=0,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # One writer at a time that waits its turn: without IMMEDIATE a read that turns into a write fails at once.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A connection that a restarted Redis has closed is opened again instead of failing the first request.
_RETRIES, _MOST_WAIT_SECONDS = 6, 1
_AGAIN_AFTER = [redis.ConnectionError, redis.TimeoutError]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "serializer": "apps.core.cache_serializer.JsonSerializer",
            "pool_class": "apps.core.redis.WaitingPool",
            "timeout": 3,
            "retry": Retry(ExponentialBackoff(cap=_MOST_WAIT_SECONDS), _RETRIES),
            "retry_on_error": _AGAIN_AFTER,
        },
    }
}
# Hours without use after which a session ends, and hours after which it ends in any case.
SESSION_ENGINE = "apps.accounts.sessions"
SESSION_IDLE_HOURS = env.float("SESSION_IDLE_HOURS", 14 * 24)
SESSION_HOURS = env.float("SESSION_HOURS", 30 * 24)
SESSION_COOKIE_AGE = round(SESSION_HOURS * 3600)

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "apps.core.redis.WaitingChannelLayer",
        # redis-py 8 closes idle sockets after five seconds unless told otherwise.
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_timeout": None,
                    "retry": AsyncRetry(ExponentialBackoff(cap=_MOST_WAIT_SECONDS), _RETRIES),
                    "retry_on_error": _AGAIN_AFTER,
                }
            ],
            "prefix": "maquette",
        },
    }
}
