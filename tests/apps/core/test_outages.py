"""What is wrong is told apart by the errors that the real parts raise: a full database, a Redis that refuses writes."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.db import IntegrityError, OperationalError, connection

from apps.core.database import is_outage, wait_for_database
from apps.core.outages import outage_of

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="Postgres cannot be given a size")


def grow(cursor: Any) -> None:
    cursor.execute("CREATE TABLE heavy (bytes BLOB)")
    cursor.execute("INSERT INTO heavy VALUES (zeroblob(10000000))")


@pytest.fixture
def small_database() -> Iterator[None]:
    """SQLite says of the most pages that a file may have what it says of a full disk."""
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA max_page_count").fetchone()[0]
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count={pages + 10}")
        yield
        cursor.execute(f"PRAGMA max_page_count={before}")


@pytest.fixture
def no_writes(settings: Any) -> Iterator[redis.Redis]:
    admin = redis.Redis.from_url(settings.REDIS_URL)
    yield admin
    admin.config_set("maxmemory", "0")
    admin.config_set("min-replicas-to-write", "0")
    admin.close()


@only_sqlite
@pytest.mark.django_db
@pytest.mark.usefixtures("small_database")
def test_a_full_database_is_a_full_disk_and_no_fault_of_ours() -> None:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        grow(cursor)
    outage = outage_of(caught.value)
    assert outage is not None
    assert (outage.code, outage.status, outage.retry_after) == ("disk_full", 507, None)
    assert is_outage(caught.value), "a worker waits with its result until there is room"


def test_postgres_without_room_is_the_same() -> None:
    text = 'could not extend file "base/16384/2619": No space left on device\nHINT:  Check free disk space.'
    outage = outage_of(OperationalError(text))
    assert outage is not None
    assert outage.code == "disk_full"


@pytest.mark.django_db(
    transaction=True
)  # a worker's connection is opened again, and none is in a transaction
def test_a_worker_waits_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.database._PAUSE_SECONDS", 0.01)
    tries = []

    def write() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("database or disk is full")
        return "written"

    assert wait_for_database(write) == "written"


@pytest.mark.parametrize("setting", [("maxmemory", "1"), ("min-replicas-to-write", "3")])
def test_a_redis_that_takes_no_writes_says_so(
    no_writes: redis.Redis, setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_writes.config_set(*setting)
    with pytest.raises(redis.RedisError) as caught:
        no_writes.set("anything", "1")
    outage = outage_of(caught.value)
    assert outage is not None
    assert (outage.status, outage.retry_after) == (503, 5)
    assert "Redis refuses writes" in outage.message
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=4096))
    full = outage_of(caught.value)
    assert full is not None
    assert full.status == 507, "on the same disk it is the disk that an administrator has to look at"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("disk is full"),
        IntegrityError("UNIQUE constraint failed"),
        OSError(errno.ENOENT, "No such file"),
        redis.ResponseError("WRONGTYPE Operation against a key"),
        sqlite3.OperationalError("no such table: nowhere"),
    ],
)
def test_other_faults_are_no_outage(error: Exception) -> None:
    assert outage_of(error) is None
