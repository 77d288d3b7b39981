"""Chat messages as people store them (OpenAI messages, ShareGPT conversations), brought into one form."""

import json
from typing import Any

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "customer": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "agent": "assistant",
}
_ROLE_KEYS = ("role", "from", "speaker")
_CONTENT_KEYS = ("content", "value", "text", "message")

Message = dict[str, str]


class ConversationError(ValueError):
    """A conversation that cannot be learned from; the message says why."""


def _first(turn: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((turn[key] for key in keys if turn.get(key) is not None), None)


def is_messages(value: Any) -> bool:
    """Whether a value is a non-empty list of turns that each have a role and a content (or call a tool)."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and isinstance(_first(turn, _ROLE_KEYS), str) for turn in value)
        and any(_first(turn, _CONTENT_KEYS) is not None for turn in value)
    )


def parse_messages(text: str | None) -> list[dict[str, Any]] | None:
    """Return the turns that a cell holds as JSON, or None when it holds something else."""
    if not text or not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if is_messages(value) else None


def _content(turn: dict[str, Any]) -> str:
    content = _first(turn, _CONTENT_KEYS)
    if isinstance(content, list):
        parts = [part if isinstance(part, dict) else {"type": "text", "text": part} for part in content]
        for part in parts:
            if part.get("type", "text") != "text":
                raise ConversationError(f"A turn holds “{part['type']}”, which is not text")
        content = "\n".join(str(_first(part, ("text", "value", "content")) or "") for part in parts)
    if content is None:
        return ""
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def normalized(turns: list[dict[str, Any]]) -> list[Message]:
    """Return system (at most one, first), then user and assistant in turns, the assistant last.

    Turns of one speaker in a row are joined by a blank line. Raises ConversationError.
    """
    messages: list[Message] = []
    for turn in turns:
        name = str(_first(turn, _ROLE_KEYS))
        role = ROLES.get(name.strip().lower())
        if role is None:
            raise ConversationError(
                f"A turn is by “{name[:40]}”; only system, user and assistant can be learned from"
            )
        content = _content(turn).strip()
        if not content:
            if role == "system":
                continue
            raise ConversationError(f"A turn of the {role} is empty")
        if role == "system" and any(message["role"] != "system" for message in messages):
            raise ConversationError("A system message stands in the middle of the conversation")
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += "\n\n" + content
        else:
            messages.append({"role": role, "content": content})
    _check_order(messages)
    return messages


def _check_order(messages: list[Message]) -> None:
    spoken = [message for message in messages if message["role"] != "system"]
    if not spoken:
        raise ConversationError("The conversation is empty")
    if spoken[-1]["role"] != "assistant":
        raise ConversationError("The conversation does not end with an answer of the assistant")
    if spoken[0]["role"] != "user":
        raise ConversationError("The conversation does not begin with the user")
