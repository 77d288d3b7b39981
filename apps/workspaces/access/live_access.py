"""Ways in that stay open, and how they are closed: sockets and streams end within seconds of what let them in.

Each joins channel groups named after all that it rests on: a person, a session, a workspace, an API key, a link, an app.
The code that takes one of these away sends a hint to its group, and each listener checks whether it is still allowed. A
hint may be lost, and some permissions end by the clock alone: so each listener checks again every few seconds anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, TypeVar, overload
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.database import database_call, database_call_anywhere

LOOK_SECONDS = 15.0
SILENCE_SECONDS = 3.0
"""After which a stream of server-sent events sends a comment: clients and proxies may give up after five."""
CLOSED = 4410
"""The code with which a socket is closed whose way in is gone."""
Piece = TypeVar("Piece")


class WayClosed(Exception):
    """What let this stream in is gone."""


def of_user(user_id: UUID) -> str:
    return f"user.{user_id}"


def of_workspace(workspace_id: UUID) -> str:
    return f"workspace.{workspace_id}"


def of_key(key_id: UUID) -> str:
    return f"key.{key_id}"


def of_session(session_key: str | None) -> str:
    """Named by its hash: the channel layer must not reveal the cookie."""
    return f"session.{hashlib.sha256((session_key or '').encode()).hexdigest()[:40]}"


def hint(group: str) -> None:
    """After commit, let everybody who came in by `group` look whether they still are allowed."""

    def send() -> None:
        with contextlib.suppress(Exception):
            async_to_sync(get_channel_layer().group_send)(group, {"type": "way.closed"})

    transaction.on_commit(send)


def is_signed_in(user: User | AnonymousUser, session_key: str | None) -> bool:
    """Whether the account is active and the session that the person came with has not ended."""
    if not user.is_authenticated or not User.objects.filter(pk=user.pk, is_active=True).exists():
        return False
    return Session.objects.filter(session_key=session_key or "", expire_date__gt=timezone.now()).exists()


class WatchedSocket:
    """Mixin of consumers. `is_allowed` is asked on a hint and every few seconds; once it says no, `turn_out` is called."""

    channel_layer: Any
    channel_name: str

    def is_allowed(self) -> bool:
        """Whether this socket may stay. Called in the thread that may touch the database."""
        raise NotImplementedError

    async def turn_out(self) -> None:
        await self.close(code=CLOSED)  # type: ignore[attr-defined]

    async def watch(self, groups: Sequence[str]) -> bool:
        """Join the groups; return whether the socket still is allowed, now that no hint can be missed."""
        self._groups = list(groups)
        for group in self._groups:
            await self.channel_layer.group_add(group, self.channel_name)
        if not await database_call(self.is_allowed)():
            return False
        self._looking = asyncio.create_task(self._look())
        return True

    async def unwatch(self) -> None:
        if looking := getattr(self, "_looking", None):
            looking.cancel()
        for group in getattr(self, "_groups", []):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.way_closed({})

    async def way_closed(self, event: dict[str, Any]) -> None:
        """Hint of `hint`."""
        if not await database_call(self.is_allowed)():
            await self.turn_out()


@overload
def while_open(
    source: AsyncGenerator[Piece], groups: Sequence[str], is_open: Callable[[], bool]
) -> AsyncGenerator[Piece]: ...


@overload
def while_open(
    source: AsyncGenerator[Piece], groups: Sequence[str], is_open: Callable[[], bool], *, silence: float
) -> AsyncGenerator[Piece | None]: ...


async def while_open(
    source: AsyncGenerator[Piece],
    groups: Sequence[str],
    is_open: Callable[[], bool],
    *,
    silence: float | None = None,
) -> AsyncGenerator[Piece | None]:
    """What `source` yields, as long as `is_open`, and None each time that it yields nothing for `silence` seconds: proxies
    and clients give up on a stream that says nothing. Raises WayClosed, also in the middle of waiting for the next piece.
    """
    layer = get_channel_layer()
    channel = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    closed = asyncio.create_task(_closed(layer, channel, database_call_anywhere(is_open)))
    following: asyncio.Future[Piece] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(anext(source))
            awaited: set[asyncio.Future[Any]] = {following, closed}
            await asyncio.wait(awaited, timeout=silence, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                raise WayClosed
            if not following.done():
                yield None
                continue
            try:
                piece = following.result()
            except StopAsyncIteration:
                return
            following = None
            yield piece
    finally:
        waiting = [task for task in (closed, following) if task is not None]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await source.aclose()
        for group in groups:
            await layer.group_discard(group, channel)


async def _closed(layer: Any, channel: str, is_open: Any) -> None:
    """Returns once it is not open any more."""
    while await is_open():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await layer.receive(channel)
