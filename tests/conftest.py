"""The fixed cast, and the Redis that every session has to itself."""

from __future__ import annotations

import gc
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.db import connections
from django.test import Client

from launcher.private_redis import answers, redis_command
from tests.settings import REDIS_PASSWORD, REDIS_PORT, TEST_ROOT

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.workspaces.models import Workspace

pytest_plugins = [
    "tests.fixtures.network",
    "tests.fixtures.studio",
    "tests.fixtures.provider",
    "tests.fixtures.publishing",
    "tests.fixtures.browser",
    "tests.fixtures.real_models",
]

# How long one example takes on a busy machine says nothing about the code.
hypothesis.settings.register_profile("studio", deadline=None)
hypothesis.settings.load_profile("studio")


def pytest_collection_finish() -> None:
    """What collection made stays: to walk it again and again for garbage takes a tenth of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def _clients_sign_in_by_cookie() -> None:
    from tests.fixtures.sessions import use_site_sessions

    use_site_sessions()


@pytest.fixture(scope="session", autouse=True)
def _database_is_emptied_by_deleting() -> None:
    from tests.fixtures.emptied_database import empty_by_deleting

    empty_by_deleting()


@pytest.fixture(scope="session", autouse=True)
def _logging_is_set_up() -> None:
    """The entry point of the web sets up logging once more and drops the handler of caplog: before any test, not in one."""
    import studio.asgi  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[str]:
    """A real Redis on the port that the settings name; its address."""
    process = subprocess.Popen(
        redis_command(TEST_ROOT / "redis", REDIS_PORT, REDIS_PASSWORD), stdout=subprocess.DEVNULL
    )
    for _ in range(4800):
        if answers(settings.REDIS_URL):
            break
        time.sleep(0.05)
    yield settings.REDIS_URL
    process.terminate()
    process.wait()
    shutil.rmtree(TEST_ROOT, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The database is not dropped under the connection that stays open (apps.core.database)."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """What one test left in Redis (rate limits, locks, token logs) is not there for the next."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        from django.core.cache import cache

        cache.clear()


@pytest.fixture(autouse=True)
def _no_window_ends(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that asks up to a limit stays within one window of it, however slow the machine. Journeys take many minutes."""
    if not request.node.get_closest_marker("journey"):
        from apps.core import rate_limits

        began = time.time()
        monkeypatch.setattr(rate_limits, "clock", lambda: began)


@pytest.fixture(autouse=True)
def _no_task_is_sent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker listens in these tests: messages to the broker are kept in `sent_tasks` instead of piling up."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("sent_tasks")


@pytest.fixture
def sent_tasks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What would have gone to the broker: (task, job id, queue)."""
    from apps.jobs import services

    sent: list[tuple[str, str, str]] = []

    def send_task(name: str, args: list[str], queue: str, **_: object) -> None:
        sent.append((name, args[0] if args else "", queue))

    monkeypatch.setattr(services.celery_app, "send_task", send_task)
    return sent


@pytest.fixture
def workspace(owner: User) -> Workspace:
    return owner.memberships.get().workspace


@pytest.fixture
def owner(db: None) -> User:
    """Owns the workspace that everything happens in, and administers the installation."""
    from apps.accounts.models import User
    from apps.workspaces.team.lifecycle import create_workspace

    user = User.objects.create_superuser("owner@example.com", "owner-password", name="Olga Owner")
    create_workspace(actor=user, name="Library")
    return user


def _member(workspace: Workspace, owner: User, role: str) -> User:
    from apps.accounts.models import User
    from apps.workspaces.team.members import add_member

    user = User.objects.create_user(f"{role}@example.com", f"{role}-password", name=role.title())
    add_member(actor=owner, workspace=workspace, user=user, role=role)
    return user


@pytest.fixture
def admin(workspace: Workspace, owner: User) -> User:
    return _member(workspace, owner, "admin")


@pytest.fixture
def editor(workspace: Workspace, owner: User) -> User:
    return _member(workspace, owner, "editor")


@pytest.fixture
def viewer(workspace: Workspace, owner: User) -> User:
    return _member(workspace, owner, "viewer")


@pytest.fixture
def outsider(db: None) -> User:
    """Has an account and a workspace of their own, and none of ours."""
    from apps.accounts.models import User
    from apps.workspaces.team.lifecycle import create_workspace

    user = User.objects.create_user("outsider@example.com", "outsider-password", name="Otto Outsider")
    create_workspace(actor=user, name="Elsewhere")
    return user


@pytest.fixture
def client_for() -> Callable[..., Client]:
    """A signed-in client for a user; for None a visitor."""

    def sign_in(user: User | None = None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def work_dir() -> Path:
    return Path(settings.WORK_DIR)
