"""Whether a process does its work, asked the way its users would ask it.

`python -m launcher.health web|engine|streamer|beat|WORKER` asks about the process of this container: status 0 or 1.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import redis

# A proxy that the environment names leads out of this machine, and cannot reach what listens on its loopback.
_ASK = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def answers_http(url: str, host: str | None = None) -> bool:
    """Whether a GET of `url` gives 200 within two seconds."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310  (our own loopback)
    try:
        with _ASK(request, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


STREAMER_HEARTBEAT = "streamer:*"
BEAT_WRITES_WITHIN_SECONDS = 600  # Celery's beat saves its schedule every three minutes


class WorkerPing:
    """Asks all Celery workers at once, at most every second, and remembers who answered."""

    def __init__(self, broker_url: str) -> None:
        from celery import Celery  # takes a while: only where workers are asked

        self._app = Celery("launcher", broker=broker_url, set_as_current=False)
        self._asked_at = 0.0
        self._names: set[str] = set()

    def has(self, name: str, host: str) -> bool:
        """Whether the worker of this name on this host answered the last round."""
        if time.monotonic() - self._asked_at > 1.5:
            try:
                replies = self._app.control.ping(timeout=1)
                self._names = {node for reply in replies for node in reply}
            except Exception:
                self._names = set()
            self._asked_at = time.monotonic()
        return f"{name}@{host}" in self._names


def has_key(redis_url: str, pattern: str) -> bool:
    """Whether a process keeps a key of this pattern alive in Redis."""
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=1) as client:
            return any(True for _ in client.scan_iter(match=pattern, count=1000))
    except redis.RedisError:
        return False


def was_written_since(path: Path, since: float) -> bool:
    """Whether a file of this name, with any suffix, was changed after `since` (seconds since the epoch)."""
    return any(found.stat().st_mtime >= since for found in path.parent.glob(f"{path.name}*"))


def check(process: str, environment: Mapping[str, str]) -> bool:
    """Whether `process` of this host is healthy, by the variables that it runs with."""
    if process == "web":
        return answers_http("http://127.0.0.1:8000/healthz", urlsplit(environment["SITE_URL"]).netloc)
    if process == "engine":
        return answers_http(f"http://127.0.0.1:{environment.get('ENGINE_PORT', '8100')}/health")
    if process == "streamer":
        return has_key(environment["REDIS_URL"], f"streamer:{socket.gethostname()}-*")
    if process == "beat":
        return was_written_since(
            Path(environment["DATA_DIR"], "beat-schedule"), time.time() - BEAT_WRITES_WITHIN_SECONDS
        )
    return WorkerPing(environment["REDIS_URL"]).has(process, socket.gethostname())


def read_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the broker's address, which may be kept in a file."""
    if "REDIS_URL_FILE" in environment and "REDIS_URL" not in environment:
        return {**environment, "REDIS_URL": Path(environment["REDIS_URL_FILE"]).read_text().strip()}
    return dict(environment)


if __name__ == "__main__":
    sys.exit(0 if check(sys.argv[1], read_secrets(os.environ)) else 1)
