"""What a visitor's page may ask for, whether it comes over a socket or as a form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from apps.publishing.entrance import Entrance
from apps.publishing.models import REQUEST_KEY_CHARACTERS
from apps.publishing.services import replies
from apps.publishing.services.replies import Turn


def perform(entrance: Entrance, kind: str, data: Mapping[str, Any]) -> Turn | None:
    """Do it; return the turn that is being answered now, if there is one. Raises UserError, and KeyError or
    ValidationError when the page sent something that no page of ours sends."""
    request_key = _kept_key(str(data.get("request_key") or ""))
    known = None if data.get("known") is None else str(data["known"])
    if kind == "ask":
        return replies.ask(
            entrance=entrance,
            text=_text(data),
            conversation_id=data.get("conversation") or None,
            options=_options(data),
            request_key=request_key,
            known=known,
        )
    if kind == "edit":
        return replies.edit(
            entrance=entrance,
            message_id=str(data["message"]),
            text=_text(data),
            request_key=request_key,
            known=known,
        )
    if kind == "regenerate":
        return replies.regenerate(entrance=entrance, message_id=str(data["message"]), known=known)
    if kind == "stop":
        replies.stop(entrance=entrance, message_id=str(data["message"]))
    elif kind == "version":
        replies.show_version(entrance=entrance, message_id=str(data["message"]))
    elif kind == "feedback":
        helped = data["helped"] in (True, "true", "1")
        comment = str(data.get("comment", ""))
        replies.give_feedback(
            entrance=entrance, message_id=str(data["message"]), helped=helped, comment=comment
        )
    else:
        raise KeyError(kind)
    return None


def _text(data: Mapping[str, Any]) -> str:
    """Forms send two characters for the end of a line, sockets one."""
    return str(data["text"]).replace("\r\n", "\n")


def _kept_key(sent: str) -> str | None:
    """A request key as its column can hold it. A longer one is hashed: cut off, two questions could share a beginning."""
    if len(sent) > REQUEST_KEY_CHARACTERS:
        return hashlib.sha256(sent.encode()).hexdigest()[:REQUEST_KEY_CHARACTERS]
    return sent or None


def _options(data: Mapping[str, Any]) -> dict[str, Any]:
    """A socket sends {"options": {"length": …}}, a form the field `length`. The app's kind picks those that it knows."""
    options = data.get("options")
    return options if isinstance(options, dict) else dict(data.items())
