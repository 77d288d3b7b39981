"""Ends the answers under way when the way in through which they were asked for closes."""

from typing import Any

from django.db import transaction

from apps.publishing.models import Message
from apps.publishing.reply_queue import send_stops


def stop_replies(**lookup: Any) -> None:
    """Stop the answers under way among messages that match `lookup`."""
    under_way = list(Message.objects.unanswered().filter(**lookup).values_list("pk", flat=True))
    Message.objects.filter(pk__in=under_way).update(stop_requested=True)
    transaction.on_commit(lambda: send_stops(under_way))
