"""Whether a process does its work, asked the way its users would ask it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path

import redis
from celery import Celery


def answers_http(url: str, host: str | None = None) -> bool:
    """Whether a GET of `url` gives 200 within two seconds."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310  (our own loopback)
    try:
        with urllib.request.urlopen(request, timeout=2) as response:  # noqa: S310
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


class WorkerPing:
    """Asks all Celery workers at once, at most every second, and remembers who answered."""

    def __init__(self, broker_url: str) -> None:
        self._app = Celery("launcher", broker=broker_url, set_as_current=False)
        self._asked_at = 0.0
        self._names: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether the worker whose node name begins with `name`@ answered the last round."""
        if time.monotonic() - self._asked_at > 1:
            try:
                replies = self._app.control.ping(timeout=0.7)
                self._names = {node.split("@")[0] for reply in replies for node in reply}
            except Exception:
                self._names = set()
            self._asked_at = time.monotonic()
        return name in self._names


def has_key(redis_url: str, pattern: str) -> bool:
    """Whether a process keeps a key of this pattern alive in Redis."""
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=1) as client:
            return any(True for _ in client.scan_iter(match=pattern, count=1000))
    except redis.RedisError:
        return False


def was_written_since(path: Path, since: float) -> bool:
    """Whether a file of this name, whatever its suffix, was changed after `since` (seconds since the epoch)."""
    return any(found.stat().st_mtime >= since for found in path.parent.glob(f"{path.name}*"))
