"""Limits hold when every connection to Redis is in use, and when Redis refuses writes: nothing passes uncounted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.test import Client

from apps.core import rate_limits
from apps.core import redis as core_redis
from apps.core.rate_limits import Rate, take
from apps.core.redis import PoolFull, WritesRefused, sync_redis
from apps.workspaces.access.api_keys import create_api_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def wait_seconds() -> float:
    """How long a request waits for a connection."""
    return 0.2


@pytest.fixture
def small_pool(settings: Any, monkeypatch: pytest.MonkeyPatch, wait_seconds: float) -> Iterator[redis.Redis]:
    """The studio's client with two connections."""
    pool = core_redis.WaitingPool.from_url(
        settings.REDIS_URL, max_connections=2, timeout=wait_seconds, decode_responses=True
    )
    client = redis.Redis.from_pool(pool)
    monkeypatch.setattr(core_redis, "_client", lambda url: client)
    yield client
    pool.disconnect()


@pytest.fixture
def full_pool(small_pool: redis.Redis) -> Iterator[None]:
    held = [small_pool.connection_pool.get_connection() for _ in range(2)]
    yield
    for connection in held:
        small_pool.connection_pool.release(connection)


@pytest.fixture
def no_writes(settings: Any) -> Iterator[None]:
    """A Redis whose memory is full, as it is when its limit is reached."""
    admin = redis.Redis.from_url(settings.REDIS_URL)
    admin.config_set("maxmemory", "1")
    yield
    admin.config_set("maxmemory", "0")
    admin.close()


@pytest.fixture
def api_key(owner: Any, workspace: Any) -> str:
    return create_api_key(actor=owner, workspace=workspace, name="script")[1]


@pytest.mark.usefixtures("small_pool")
@pytest.mark.parametrize("wait_seconds", [60])
def test_more_at_once_than_connections_are_all_counted() -> None:
    with ThreadPoolExecutor(40) as threads:
        waits = list(threads.map(lambda _: take("busy", Rate(25, 3600)), range(60)))
    assert sum(wait == 0 for wait in waits) == 25


@pytest.mark.usefixtures("full_pool")
def test_a_full_pool_does_not_mean_free() -> None:
    with pytest.raises(PoolFull):
        take("anything", Rate(1))


@pytest.mark.usefixtures("no_writes")
def test_refused_writes_do_not_mean_free() -> None:
    with pytest.raises(WritesRefused):
        take("anything", Rate(1))


@pytest.fixture
def no_answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that takes connections and says nothing, as a stopped one does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = redis.Redis(port=server.getsockname()[1], socket_timeout=0.2, retry=None)
        monkeypatch.setattr(rate_limits, "sync_redis", lambda: silent)
        yield


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis(host="127.0.0.1", port=1)
    monkeypatch.setattr(rate_limits, "sync_redis", lambda: nowhere)


@pytest.mark.usefixtures("no_answer")
def test_redis_that_does_not_answer_does_not_mean_free() -> None:
    with pytest.raises(redis.TimeoutError):
        take("anything", Rate(1))


@pytest.mark.usefixtures("away")
def test_redis_that_is_away_does_not_mean_free() -> None:
    with pytest.raises(redis.ConnectionError):
        take("anything", Rate(1))


@pytest.mark.parametrize("trouble", ["full_pool", "no_writes", "no_answer", "away"])
@pytest.mark.parametrize("path", ["/api/v1/apps/", "/v1/models"])
def test_a_program_is_told_to_come_back(
    request: pytest.FixtureRequest,
    api_key: str,
    app: Any,
    owner: Any,
    workspace: Any,
    trouble: str,
    path: str,
) -> None:
    if path.startswith("/v1"):
        api_key = create_api_key(actor=owner, workspace=workspace, name="script", app=app)[1]
    request.getfixturevalue(trouble)
    response = Client(headers={"Authorization": f"Bearer {api_key}"}).get(path)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    told = response.json()["error"]["message"]
    expected = {"full_pool": "as many requests as it can", "no_writes": "Its Redis refuses writes"}
    assert expected.get(trouble, "is not responding at the moment") in told


def test_the_client_of_the_studio_waits_for_a_connection() -> None:
    assert isinstance(sync_redis().connection_pool, redis.BlockingConnectionPool)
