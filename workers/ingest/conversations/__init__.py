"""Conversations as people and other tools store them, brought into one form.

`turns` reads them out of nested values, `markup` out of texts with marks such as `### Human:`, `normalization` makes
rows of them that can be learned.
"""

from workers.ingest.conversations.markup import (
    asked_turns,
    marked_answer,
    marked_turns,
    read_history,
)
from workers.ingest.conversations.normalization import (
    Conversation,
    ConversationError,
    Message,
    normalized,
    read_conversation,
)
from workers.ingest.conversations.turns import Turn, canonical, is_messages, parse_messages

__all__ = [
    "Conversation",
    "ConversationError",
    "Message",
    "Turn",
    "asked_turns",
    "canonical",
    "is_messages",
    "marked_answer",
    "marked_turns",
    "normalized",
    "parse_messages",
    "read_conversation",
    "read_history",
]
