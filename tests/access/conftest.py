"""One world for all tests of a module: made once, and rolled back after each request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.access.world import World, build_world
from tests.apps.conftest import new_job, run_job

__all__ = ["new_job", "run_job"]
"""Fixtures that the apps' tests share."""


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker, redis_server: str) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_world()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def identity_stays_confirmed(settings: Any) -> None:
    # The clients of a world sign in once, and its tests outlast allauth's five minutes on a busy machine.
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 3600
