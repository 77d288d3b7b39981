"""What a visitor's page may ask for, whether it comes over a socket or as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.publishing.entrance import Entrance
from apps.publishing.services import replies
from apps.publishing.services.replies import Turn


def perform(entrance: Entrance, kind: str, data: Mapping[str, Any]) -> Turn | None:
    """Do it; return the turn that is being answered now, if there is one. Raises UserError, and KeyError or
    ValidationError when the page sent something that no page of ours sends."""
    request_key = str(data.get("request_key") or "")[:40] or None
    if kind == "ask":
        return replies.ask(
            entrance=entrance,
            text=str(data["text"]),
            conversation_id=data.get("conversation") or None,
            options=_options(data),
            request_key=request_key,
        )
    if kind == "edit":
        return replies.edit(
            entrance=entrance,
            message_id=str(data["message"]),
            text=str(data["text"]),
            request_key=request_key,
        )
    if kind == "regenerate":
        return replies.regenerate(entrance=entrance, message_id=str(data["message"]))
    if kind == "stop":
        replies.stop(entrance=entrance, message_id=str(data["message"]))
    elif kind == "feedback":
        helped = data["helped"] in (True, "true", "1")
        comment = str(data.get("comment", ""))
        replies.give_feedback(
            entrance=entrance, message_id=str(data["message"]), helped=helped, comment=comment
        )
    else:
        raise KeyError(kind)
    return None


def _options(data: Mapping[str, Any]) -> dict[str, Any]:
    """A socket sends {"options": {"length": …}}, a form the field `length`."""
    options = data.get("options")
    return options if isinstance(options, dict) else {"length": data.get("length")}
