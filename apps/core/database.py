"""Database work of sockets and streamers: on the one thread that their process has for it, over a connection that stays."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import close_old_connections, connections

_KEPT_SECONDS = 60


class DatabaseCall(SyncToAsync[..., Any]):
    """Make a coroutine function of one that touches the database. As Channels' `database_sync_to_async`, which closes the
    connection after each call: opening one takes longer than all that asking a question writes, and where nobody else has
    SQLite's file open, closing it writes the log back into the file.

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
