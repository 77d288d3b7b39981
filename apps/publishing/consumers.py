"""Sockets of app pages. The database is touched when one opens and when its person does something, never per frame.

A browser says {type: ask | edit | regenerate | stop | resume | feedback, …}; it hears {type: turn | text | state |
end | message | refused | closed, …}. What is streamed carries `message` and `seq`: a browser that comes back says the
last number it has, and gets the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from abc import abstractmethod
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import translation
from redis.exceptions import RedisError

from apps.catalog.models import ModelVersion
from apps.core.client_addresses import address_of_scope
from apps.core.database import database_call
from apps.core.errors import UserError
from apps.core.outages import outage_of
from apps.publishing import entrance as entrances
from apps.publishing import socket_messages, token_log
from apps.publishing.actions import perform
from apps.publishing.connections import async_redis
from apps.publishing.entrance import Entrance
from apps.publishing.fanout import fanout
from apps.publishing.limits import SOCKET_MESSAGE_BYTES
from apps.publishing.reply_queue import live_streamers
from apps.publishing.services import branches, trials
from apps.publishing.visitors import visitor_key_in
from apps.workspaces import access
from apps.workspaces.access import live_access
from apps.workspaces.access.rules import LINK, SIGN_IN, VIEW, access_rule, object_of_socket

logger = logging.getLogger(__name__)

NO_COOKIE, NOT_FOUND = 4401, 4404
_STREAMER_SECONDS = 3


class ReplySocket(live_access.WatchedSocket, AsyncWebsocketConsumer):
    """What all of them share: JSON in and out, and one task for each reply that is followed."""

    refused_with = NOT_FOUND
    """The closing code for a refused connection."""
    refused_because = ""
    """Why it is refused, where the page has no words for it (errors.closed_text)."""

    async def connect(self) -> None:
        self.following: dict[str, asyncio.Task[None]] = {}
        self.language = translation.get_language_from_request(_Cookies(self.scope))  # type: ignore[arg-type]
        if not await self.admit():
            # Accepted first, so that the browser learns the code rather than a failed handshake.
            await self.accept()
            if self.refused_because:
                await self._say_closed(self.refused_because)
            await self.close(code=self.refused_with)
            return
        await self.accept()

    @abstractmethod
    async def admit(self) -> bool:
        """Whether this person may be here."""

    @abstractmethod
    async def act(self, kind: str, data: dict[str, Any]) -> None:
        """Do what the browser asks for. Raises UserError, or one of socket_messages.NOT_UNDERSTOOD."""

    async def turn_out(self) -> None:
        await self._say_closed(await self.closed_because())
        await super().turn_out()

    async def closed_because(self) -> str:
        """Why the way in has closed, as errors.closed_text says it."""
        return "closed"

    async def _say_closed(self, reason: str) -> None:
        with translation.override(self.language):
            told = socket_messages.closed_json(reason)
        await self.say(told)

    async def disconnect(self, code: int) -> None:
        await self.unwatch()
        tasks = list(getattr(self, "following", {}).values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None or len(text_data) > SOCKET_MESSAGE_BYTES:
            await self.close(code=1009)
            return
        request_key = None
        try:
            data = json.loads(text_data)
            request_key = data.get("request_key")
            with translation.override(self.language):
                await self.act(str(data["type"]), data)
        except UserError as error:
            await self.say(socket_messages.refusal_json(error.message, error.code, request_key))
        except socket_messages.NOT_UNDERSTOOD:
            await self.say(socket_messages.not_understood(request_key))
        except Exception as error:
            if not (outage := outage_of(error)):
                raise
            logger.error("Nothing could be done for a page: %s", outage.log)
            await self.say(socket_messages.outage_json(outage, request_key))

    async def say(self, data: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(data))

    def follow(self, reply: str, after: int) -> None:
        """Send entries above `after` until the reply ends; an earlier wish for the same reply is replaced."""
        if earlier := self.following.pop(reply, None):
            earlier.cancel()
        self.following[reply] = asyncio.create_task(self._follow(reply, after))

    async def _follow(self, reply: str, after: int) -> None:
        waiting = asyncio.create_task(self._tell_if_nobody_answers(reply))
        try:
            async with fanout().follow(reply, after=after) as entries:
                async for entry in entries:
                    waiting.cancel()
                    await self.say(socket_messages.entry_json(reply, entry, self.language))
        except RedisError:
            await self.close(code=1013)
        except OSError:
            # The browser went while a frame was on its way; the server tells in a moment.
            return
        finally:
            waiting.cancel()
            if self.following.get(reply) is asyncio.current_task():
                del self.following[reply]

    async def _tell_if_nobody_answers(self, reply: str) -> None:
        """A visitor should not look at a spinner because no streamer runs."""
        await asyncio.sleep(_STREAMER_SECONDS)
        with contextlib.suppress(RedisError):
            if not await asyncio.to_thread(live_streamers):
                await self.say({"type": "state", "message": reply, "state": "engine_down"})


class AppSocket(ReplySocket):
    """A page of an app."""

    @abstractmethod
    def enter(self) -> Entrance | None:
        """The way in of the person whose page this is, None where a link is not open. Raises Http404."""

    async def admit(self) -> bool:
        self.entrance: Any = await self._entered()
        return self.entrance is not None and await self.watch(self.entrance.groups)

    def is_allowed(self) -> bool:
        return bool(self.entrance.is_open())

    async def closed_because(self) -> str:
        return await database_call(self.entrance.closed_because)() or "closed"

    @database_call
    def _entered(self) -> Entrance | None:
        try:
            return self.enter()
        except entrances.Shut as error:
            self.refused_because = error.reason
            return None
        except Http404:
            return None

    async def act(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "resume":
            await self._resume(str(data["message"]), int(data.get("last_seq", 0)), bool(data.get("whole")))
        elif kind == "watch":
            await self._watch_conversation(str(data["conversation"]), data)
        else:
            await self._act_and_tell(kind, data)

    async def _act_and_tell(self, kind: str, data: dict[str, Any]) -> None:
        try:
            told = await self._perform(kind, data)
        except UserError as error:
            if error.code == "stale":
                # With the reason comes what the page has missed.
                await self.say(
                    socket_messages.refusal_json(error.message, error.code, data.get("request_key"))
                )
                await self.say(await self._conversation_now(str(data["conversation"]), data))
                return
            raise
        if told:
            await self._join(told["conversation"]["id"])
            await self.say(told)
            self.follow(told["answer"]["id"], 0)
        elif kind == "version":
            await self.say(await self._conversation_now(str(data["conversation"]), data))

    async def _watch_conversation(self, conversation_id: str, data: dict[str, Any]) -> None:
        """From now on tell when the conversation changes; first, what the page does not know yet."""
        told = await self._conversation_now(conversation_id, data)
        await self._join(conversation_id)
        last = told["messages"][-1]["id"] if told["messages"] else ""
        if last != data.get("known"):
            await self.say(told)

    async def _join(self, conversation_id: str) -> None:
        group = branches.group_of(conversation_id)
        if group not in self._groups:
            self._groups.append(group)
        # Again each time: a Redis that was emptied has forgotten who listens.
        await self.channel_layer.group_add(group, self.channel_name)

    async def conversation_changed(self, event: dict[str, Any]) -> None:
        """Hint of `branches.announce`."""
        await self.say({"type": "changed", "last": event["last"]})

    @database_call
    def _conversation_now(self, conversation_id: str, data: dict[str, Any]) -> dict[str, Any]:
        conversation = self.entrance.conversations().filter(pk=conversation_id).first()
        if conversation is None:
            raise KeyError(conversation_id)
        first = self.entrance.message(str(data["first"])) if data.get("first") else None
        with translation.override(self.language):
            return socket_messages.conversation_json(conversation, first=first)

    @database_call
    def _perform(self, kind: str, data: dict[str, Any]) -> dict[str, Any] | None:
        with translation.override(self.language):
            turn = perform(self.entrance, kind, data)
            return socket_messages.turn_json(turn, data.get("request_key")) if turn else None

    async def _resume(self, message_id: str, last_seq: int, whole: bool) -> None:
        """Send what is missing: the rest of the log, or, once that has expired, the message as stored."""
        message = await database_call(self.entrance.message)(message_id)
        if message is None:
            raise KeyError(message_id)
        if message.is_ended and (whole or not await token_log.last_seq(async_redis(), message_id)):
            await self.say(
                {"type": "message", "message": message_id, "stored": socket_messages.message_json(message)}
            )
        else:
            self.follow(message_id, last_seq)


class VisitorSocket(AppSocket):
    """The page that a share link opens."""

    access_rule = access_rule(opening=LINK, of="link_token")
    in_frame = False

    async def admit(self) -> bool:
        if visitor_key_in(self.scope["cookies"], in_frame=self.in_frame) is None:
            # The page that opens the socket came with the cookie: this browser keeps none.
            self.refused_with = NO_COOKIE
            return False
        return await super().admit()

    def enter(self) -> Entrance | None:
        cookies, token = self.scope["cookies"], self.scope["url_route"]["kwargs"]["token"]
        address = address_of_scope(self.scope)
        return entrances.by_link(
            token,
            visitor_key_in(cookies, in_frame=self.in_frame) or "",
            cookies,
            address,
            user=self.scope["user"],
            session_key=self.scope["session"].session_key,
            in_frame=self.in_frame,
        )


class EmbedSocket(VisitorSocket):
    """The page of a share link in a frame of another site."""

    in_frame = True


class PreviewSocket(AppSocket):
    """A member's preview of an app."""

    access_rule = access_rule(opening=VIEW, of="app")

    def enter(self) -> Entrance:
        app = object_of_socket(self, "live_version")
        return entrances.of_member(self.scope["user"], app, self.scope["session"].session_key)


class TrialSocket(ReplySocket):
    """Models tried by hand by a member of their workspace."""

    access_rule = access_rule(opening=SIGN_IN, names={"model": "model"})

    async def admit(self) -> bool:
        self.started: dict[str, str] = {}
        user, session_key = self.scope["user"], self.scope["session"].session_key
        return user.is_authenticated and await self.watch(
            [live_access.of_user(user.pk), live_access.of_session(session_key)]
        )

    def is_allowed(self) -> bool:
        """Signed in, and still a member where every model lies that is answering."""
        user = self.scope["user"]
        if not live_access.is_signed_in(user, self.scope["session"].session_key):
            return False
        return all(self._may_follow(reply) for reply in list(self.following))

    def _may_follow(self, reply: str) -> bool:
        """What this socket started it knows by itself, should Redis be emptied meanwhile."""
        user = self.scope["user"]
        if model := self.started.get(reply):
            return trials.may_see(actor=user, model_id=model)
        return trials.may_follow(actor=user, reply=reply)

    async def act(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "ask":
            reply = await self._start(str(data["model"]), str(data["text"]))
            self.started[reply] = str(data["model"])
            await self.say({"type": "trial", "request_key": data.get("request_key"), "message": reply})
            self.follow(reply, 0)
        elif kind == "stop":
            stop = database_call(trials.stop_trial)
            await stop(actor=self.scope["user"], reply=str(data["message"]))
        elif kind == "resume":
            reply = str(data["message"])
            if not await database_call(trials.may_follow)(actor=self.scope["user"], reply=reply):
                raise KeyError(reply)
            self.follow(reply, int(data.get("last_seq", 0)))
        else:
            raise KeyError(kind)

    @database_call
    def _start(self, model_id: str, text: str) -> str:
        try:
            model = access.get_visible(ModelVersion.objects.all(), self.scope["user"], pk=model_id)
        except (Http404, PermissionDenied) as error:
            raise KeyError(model_id) from error
        return trials.start_trial(actor=self.scope["user"], model=model, text=text)


class _Cookies:
    """What Django needs of a request to find a visitor's language."""

    def __init__(self, scope: dict[str, Any]) -> None:
        headers = dict(scope.get("headers", []))
        self.COOKIES = scope.get("cookies", {})
        self.META = {"HTTP_ACCEPT_LANGUAGE": headers.get(b"accept-language", b"").decode("latin-1")}
        self.path_info = "/"
