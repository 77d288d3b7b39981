"""Database work of sockets and streamers, on the one thread that their process has for it, over a connection that stays;
and what to do while the database is locked (a backup), restarts, or cannot be reached."""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import Context
from typing import Any, TypeVar

from asgiref.sync import AsyncToSync, SyncToAsync, sync_to_async
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    connections,
    transaction,
)
from django.utils.translation import get_language, override

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

_KEPT_SECONDS = 60
_PATIENCE_SECONDS = 900
"""How long a worker waits with what must be written: a backup of a large database takes minutes."""
_PAUSE_SECONDS = 2
_BRIEFLY_MS = 200


def is_unavailable(error: BaseException) -> bool:
    """Whether `error` is a database that is locked, restarts, or cannot be reached: waiting is all it takes."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    text = str(error).lower()
    if connection.vendor == "sqlite":
        # SQLite raises the same class for faults of ours (no such table) and for a full disk.
        return "locked" in text or "busy" in text
    return "no space left" not in text


def is_out_of_space(error: BaseException) -> bool:
    """Whether `error` says that the disk of the database is full: it goes on once there is room."""
    text = str(error).lower()
    return isinstance(error, OperationalError) and ("disk is full" in text or "no space left" in text)


def is_outage(error: BaseException) -> bool:
    """Whether a worker should wait: nothing is wrong with what it wants to write."""
    return is_unavailable(error) or is_out_of_space(error)


def wait_for_database(write: Callable[[], Result]) -> Result:
    """Run a write in a transaction of its own, again and again while the database is unavailable
    or its disk is full.

    For workers, whose result would be lost otherwise. Raises what `write` raises, OperationalError after 15 minutes.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return write()
        except DatabaseError as error:
            if not is_outage(error) or time.monotonic() > deadline or connection.in_atomic_block:
                raise
            logger.warning("The database is unavailable (%s); trying again", error)
            close_old_connections()
            time.sleep(_PAUSE_SECONDS)


@contextmanager
def best_effort() -> Iterator[None]:
    """For a write that may be lost (when something was last used): it neither waits for a locked database nor fails
    the request on a full disk."""
    try:
        with _impatient(), transaction.atomic() if connection.in_atomic_block else nullcontext():
            yield
    except DatabaseError as error:
        logger.warning("Not written down: %s", error)


@contextmanager
def _impatient() -> Iterator[None]:
    """SQLite's waiting for its one writer is cut short. Postgres locks the row alone, and only briefly."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    usual = round(1000 * connection.settings_dict["OPTIONS"].get("timeout", 5))
    connection.connection.execute(f"PRAGMA busy_timeout={_BRIEFLY_MS}")
    try:
        yield
    finally:
        connection.connection.execute(f"PRAGMA busy_timeout={usual}")


class DatabaseCall(SyncToAsync[..., Any]):
    """Make a coroutine function of one that touches the database. As Channels' `database_sync_to_async`, which closes the
    connection after each call: opening one takes longer than all that asking a question writes, and where no other connection
    has SQLite's file open, closing it writes the log back into the file.

    What was broken is opened again before the next call (CONN_HEALTH_CHECKS). Requests have a thread each and keep none.
    """

    def thread_handler(self, loop: AbstractEventLoop, *args: Any, **kwargs: Any) -> Any:
        close_old_connections()
        try:
            return super().thread_handler(loop, *args, **kwargs)  # type: ignore[no-untyped-call]
        finally:
            for connection in connections.all(initialized_only=True):
                connection.close_at = time.monotonic() + _KEPT_SECONDS
            close_old_connections()


database_call = DatabaseCall


def database_call_anywhere(function: Callable[..., Result]) -> Callable[..., Awaitable[Result]]:
    """As `database_call`, but on the thread of the request where there is one: its connection is closed with it."""

    async def call(*args: Any) -> Result:
        of_request = getattr(AsyncToSync.executors, "current", None)
        in_request = of_request or SyncToAsync.thread_sensitive_context.get(None)
        return await (sync_to_async(function) if in_request else database_call(function))(*args)

    return call


def outlive_request(work: Callable[[], Coroutine[Any, Any, Result]]) -> asyncio.Task[Result]:
    """A task that goes on after the view that began it has returned. In the view's own context its calls, and those of the
    tasks that it begins, would look for a thread that has ended."""
    language = get_language()

    async def run() -> Result:
        with override(language):
            return await work()

    return asyncio.get_running_loop().create_task(run(), context=Context())
