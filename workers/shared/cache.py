"""Copies, on this host's disk, of what lies in a bucket: where they are, and how much may stay.

What was not used for longest goes first. A copy that was used within the last hour stays, and so does one that a process
holds by a lock on the copy itself: nothing is taken from under a page's query or a run of days.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DEFAULT_DATA_DIR = Path(__file__).resolve().parents[2] / "data"
DEFAULT_LIMIT_GB = 100

_KEPT_SECONDS = 3600
_LEFTOVER_SECONDS = 24 * 3600


def default_cache_dir(data_dir: Path) -> Path:
    """The value of CACHE_DIR where none is given."""
    return data_dir / "cache"


@dataclass(frozen=True)
class Cache:
    """`limit_bytes` bounds all copies together; 0 means no bound. Any number of processes may share the folder."""

    folder: Path
    limit_bytes: int = 0

    def place(self, key: str) -> Path:
        """Where the copy of `key` lies, or would lie."""
        return self.folder / quote(key, safe="")

    def use(self, path: Path) -> bool:
        """Say that a copy is used now. False when there is none."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            # A process that is about to drop it holds the lock until it has another name.
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            os.utime(descriptor)
            return path.exists()
        finally:
            os.close(descriptor)

    @contextmanager
    def hold(self, path: Path) -> Iterator[None]:
        """Keep a copy while the block runs, however long; nothing happens for a path outside the cache."""
        if not path.is_relative_to(self.folder):
            yield
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            with suppress(OSError):
                os.utime(descriptor)
            os.close(descriptor)

    def make_room(self) -> None:
        """Drop copies, the least recently used first, until the rest is within the limit."""
        self._drop_leftovers()
        if not self.limit_bytes:
            return
        copies = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
        sizes = {path: _bytes(path) for path in sorted(copies, key=_used_at)}
        total = sum(sizes.values())
        for path, size in sizes.items():
            if total <= self.limit_bytes:
                return
            if self._drop(path):
                total -= size

    def _drop(self, path: Path) -> bool:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return True
        gone = self.folder / f".gone-{uuid.uuid4().hex}"
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - os.fstat(descriptor).st_mtime < _KEPT_SECONDS:
                return False
            path.rename(gone)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            return True
        finally:
            os.close(descriptor)
        _remove(gone)
        return True

    def _drop_leftovers(self) -> None:
        """What a process that was killed left half fetched or half removed."""
        for path in self.folder.glob(".*"):
            if time.time() - _used_at(path) > _LEFTOVER_SECONDS:
                _remove(path)


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _bytes(path: Path) -> int:
    total = 0
    for file in [path, *path.rglob("*")]:
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
