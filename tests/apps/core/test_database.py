"""Connections of sockets and streamers stay open between calls, and are opened again when they broke."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.db import connection

from apps.core.database import database_call

pytestmark = pytest.mark.django_db(transaction=True)


@database_call
def _ask() -> tuple[int, object]:
    """The thread that touches the database, and the driver's connection that it has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    return threading.get_ident(), connection.connection


@database_call
def _break() -> None:
    assert connection.connection is not None
    connection.connection.close()


@database_call
def _close() -> None:
    connection.close()


def test_calls_share_a_connection() -> None:
    async def ask_twice() -> tuple[tuple[int, object], tuple[int, object]]:
        try:
            return await _ask(), await _ask()
        finally:
            await _close()

    assert len(set(asyncio.run(ask_twice()))) == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server that could go away")
def test_a_broken_connection_is_opened_again() -> None:
    async def ask_break_ask() -> tuple[tuple[int, object], tuple[int, object]]:
        try:
            before = await _ask()
            await _break()
            return before, await _ask()
        finally:
            await _close()

    (thread, before), (same_thread, after) = asyncio.run(ask_break_ask())
    assert thread == same_thread
    assert before is not after


def test_a_call_that_failed_keeps_nobody_else_from_asking() -> None:
    @database_call
    def fail() -> None:
        raise RuntimeError("something else")

    async def fail_then_ask() -> None:
        try:
            with pytest.raises(RuntimeError, match="something else"):
                await fail()
            await _ask()
        finally:
            await _close()

    asyncio.run(fail_then_ask())
