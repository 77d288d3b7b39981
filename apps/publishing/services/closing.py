"""Ends what is open when a way in closes: sockets through their channel group, answers through their streamer."""

import contextlib
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from apps.publishing.models import Message
from apps.publishing.reply_queue import send_stops


def close_group(group: str) -> None:
    """After commit, close every socket that came in this way."""

    def send() -> None:
        # A socket that misses the hint is refused at its next question: the service looks at the row.
        with contextlib.suppress(Exception):
            async_to_sync(get_channel_layer().group_send)(group, {"type": "way.closed"})

    transaction.on_commit(send)


def stop_replies(**lookup: Any) -> None:
    """Stop the answers under way among messages that match `lookup`."""
    under_way = list(Message.objects.unanswered().filter(**lookup).values_list("pk", flat=True))
    Message.objects.filter(pk__in=under_way).update(stop_requested=True)
    transaction.on_commit(lambda: send_stops(under_way))
