"""The versions of a conversation: each message names the one that it follows, and one path through them counts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from django.db.models import Q

from apps.publishing.models import Conversation, Message
from apps.publishing.reply_queue import send_stops


def group_of(conversation_id: UUID | str) -> str:
    """The channel group that hears when a conversation changed."""
    return f"conversation.{conversation_id}"


def last_of(conversation: Conversation) -> Message | None:
    """The last message of the conversation as it reads now."""
    return cast("Message | None", conversation.messages.current().last())


def make_current(conversation: Conversation, *, tip: Message | None) -> None:
    """Let the path that ends with `tip` count, and nothing else; answers under way elsewhere are stopped."""
    parents = dict(conversation.messages.values_list("pk", "parent"))
    path, at = set(), tip.pk if tip else None
    while at is not None and at not in path:
        path.add(at)
        at = parents[at]
    others = conversation.messages.exclude(pk__in=path).filter(superseded=False)
    under_way = list(others.unanswered().values_list("pk", flat=True))
    others.update(superseded=True)
    conversation.messages.filter(pk__in=path, superseded=True).update(superseded=False)
    transaction.on_commit(lambda: send_stops(under_way))


def newest_end(message: Message) -> Message:
    """The end of the newest path through `message`."""
    followers: dict[Any, Message] = {}
    for later in message.conversation.messages.filter(position__gt=message.position).order_by("position"):
        followers[later.parent_id] = later
    while message.pk in followers:
        message = followers[message.pk]
    return message


def versions_of(conversation: Conversation, messages: Iterable[Message]) -> dict[UUID, list[str]]:
    """Of each message that has several versions, the ids of all of them, in the order in which they came."""
    shown = list(messages)
    parents = {message.parent_id for message in shown if message.parent_id}
    siblings: dict[tuple[Any, str], list[str]] = {}
    found = conversation.messages.filter(Q(parent__in=parents) | Q(parent=None)).order_by("position")
    for pk, parent, role in found.values_list("pk", "parent", "role"):
        siblings.setdefault((parent, role), []).append(str(pk))
    return {
        message.pk: versions
        for message in shown
        if len(versions := siblings.get((message.parent_id, message.role), [])) > 1
    }


def announce(conversation: Conversation) -> None:
    """After commit, tell every page that shows the conversation which message is its last one now."""

    def send() -> None:
        last = last_of(conversation)
        told = {"type": "conversation.changed", "last": str(last.pk) if last else ""}
        with contextlib.suppress(Exception):
            async_to_sync(get_channel_layer().group_send)(group_of(conversation.pk), told)

    transaction.on_commit(send)
