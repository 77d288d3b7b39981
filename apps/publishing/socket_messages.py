"""What the site sends to a browser about messages: one shape for sockets, server-sent events and first pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.outages import Outage
from apps.publishing.errors import closed_text, error_text
from apps.publishing.limits import MESSAGES_RESENT
from apps.publishing.models import Conversation, Message
from apps.publishing.services.branches import versions_of
from apps.publishing.services.replies import Turn
from apps.publishing.token_log import Entry

NOT_UNDERSTOOD = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    ValidationError,
    # Numbers and nesting that JSON allows and no page sends.
    OverflowError,
    RecursionError,
)
"""What goes wrong where a page sends something that no page of ours sends."""


def message_json(message: Message) -> dict[str, Any]:
    """A message as it is stored; of an answer under way, all but its text. May ask the database for the feedback."""
    is_judged = message.role == Message.Role.ASSISTANT and message.is_ended
    feedback = getattr(message, "feedback", None) if is_judged else None
    return {
        "id": str(message.pk),
        "role": message.role,
        "state": message.state,
        "text": message.text,
        "options": message.options,
        "labels": message.labels,
        "finish_reason": message.finish_reason,
        "error": {**message.error, "text": error_text(message.error)} if message.error else None,
        "output_tokens": message.output_tokens,
        "first_token_ms": message.first_token_ms,
        "total_ms": message.total_ms,
        "left_out": message.left_out,
        "helped": feedback.helped if feedback else None,
        "versions": getattr(message, "versions", []),
    }


def with_versions(conversation: Conversation, messages: list[Message]) -> list[Message]:
    """The same messages, each knowing its other versions."""
    versions = versions_of(conversation, messages)
    for message in messages:
        message.versions = versions.get(message.pk, [])  # type: ignore[attr-defined]
    return messages


def conversation_json(conversation: Conversation, *, first: Message | None = None) -> dict[str, Any]:
    """A conversation as it reads now, from the message that a page begins with, where that still counts."""
    messages = conversation.messages.current().select_related("feedback")
    if first is not None and not first.superseded:
        messages = messages.filter(position__gte=first.position)
    shown = list(messages.reverse()[:MESSAGES_RESENT])[::-1]
    return {
        "type": "conversation",
        "conversation": {"id": str(conversation.pk), "title": conversation.title},
        "messages": [message_json(message) for message in with_versions(conversation, shown)],
    }


def turn_json(turn: Turn, request_key: Any = None) -> dict[str, Any]:
    """A question that was taken, and its answer to come. `request_key` is the browser's own name for it."""
    conversation = turn.conversation
    with_versions(conversation, [turn.question, turn.answer])
    return {
        "type": "turn",
        "request_key": request_key,
        "conversation": {"id": str(conversation.pk), "title": conversation.title},
        "question": message_json(turn.question),
        "answer": message_json(turn.answer),
    }


def entry_json(reply: str, entry: Entry, language: str) -> dict[str, Any]:
    """An entry of a token log; `type` is text, state or end. `language` is the reader's."""
    data = {"type": entry.kind, "message": reply, "seq": entry.seq, **entry.data}
    if data.get("error"):
        with override(language):
            data["error"] = {**data["error"], "text": error_text(data["error"])}
    return data


def refusal_json(text: str, code: str, request_key: str | None = None) -> dict[str, Any]:
    return {"type": "refused", "code": code, "text": str(text), "request_key": request_key}


def closed_json(reason: str) -> dict[str, Any]:
    """The way in has closed. A page knows the usual words; others come along."""
    return {"type": "closed"} if reason == "closed" else {"type": "closed", "text": closed_text(reason)}


def not_understood(request_key: str | None = None) -> dict[str, Any]:
    text = _("The server could not read the request from this page. Reload the page.")
    return refusal_json(text, "not_understood", request_key)


def outage_json(outage: Outage, request_key: str | None = None) -> dict[str, Any]:
    return refusal_json(outage.message, outage.code, request_key)
