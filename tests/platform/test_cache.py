"""Copies of what lies in a bucket: bounded, the oldest go first, none that is in use goes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from workers.serving.settings import EngineSettings
from workers.shared.cache import Cache

HOUR = 3600


def copy_of(cache: Cache, key: str, *, hours_ago: float, size: int = 1000) -> Path:
    path = cache.place(key)
    path.mkdir(parents=True)
    (path / "weights").write_bytes(bytes(size))
    then = time.time() - hours_ago * HOUR
    os.utime(path, (then, then))
    return path


def cache_in(tmp_path: Path) -> Cache:
    """Room for two copies of a thousand bytes, and for what their folders take."""
    folder = tmp_path / "cache"
    folder.mkdir()
    empty = folder.stat().st_size
    return Cache(folder, 2 * (1000 + empty) + empty // 2)


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    old, oldest, new = (
        copy_of(cache, key, hours_ago=hours)
        for key, hours in (("models/a", 5), ("models/b", 9), ("models/c", 2))
    )
    cache.make_room()
    assert [path.exists() for path in (oldest, old, new)] == [False, True, True]
    assert sorted(path.name for path in cache.folder.iterdir()) == ["models%2Fa", "models%2Fc"]


def test_using_one_again_makes_it_the_newest(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    old, other, new = (
        copy_of(cache, key, hours_ago=hours)
        for key, hours in (("models/a", 9), ("models/b", 5), ("models/c", 2))
    )
    assert cache.use(old)
    cache.make_room()
    assert [path.exists() for path in (old, other, new)] == [True, False, True]


def test_what_was_used_within_the_hour_stays_above_the_limit(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1)
    fresh = copy_of(cache, "models/a", hours_ago=0.5)
    cache.make_room()
    assert fresh.exists()


def test_what_another_process_holds_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1)
    held = copy_of(cache, "models/a", hours_ago=50)
    script = (
        "import sys; from pathlib import Path; from workers.shared.cache import Cache\n"
        "with Cache(Path(sys.argv[1])).hold(Path(sys.argv[2])):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), str(held)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        cache.make_room()
        assert held.exists()
        holder.communicate()
    # Letting go counts as a use.
    os.utime(held, (1, 1))
    cache.make_room()
    assert not held.exists()


def test_without_a_limit_nothing_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    old = copy_of(cache, "models/a", hours_ago=5000)
    cache.make_room()
    assert old.exists()


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    left, under_way = tmp_path / ".part-old", tmp_path / ".part-new"
    for path in (left, under_way):
        path.mkdir()
    os.utime(left, (1, 1))
    cache.make_room()
    assert [left.exists(), under_way.exists()] == [False, True]


def test_engine_and_site_keep_their_copies_in_the_same_place() -> None:
    engine = EngineSettings.from_environment(
        {"STORAGE_URL": "file:///nowhere", "ENGINE_KEY": "k", "DATA_DIR": str(settings.DATA_DIR)}
    )
    assert engine.cache == Cache(settings.CACHE_DIR, settings.CACHE_LIMIT_GB * 10**9)
