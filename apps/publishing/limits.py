"""What one visitor, one link and one answer may use."""

from apps.core.rates import Rate, take

MOST_CHARACTERS = 50_000
"""Of one message; what the model reads is often less, and then said in tokens."""
MOST_PASSWORD_CHARACTERS = 128
"""Hashing a longer one would only cost time."""
LEAST_PASSWORD_CHARACTERS = 8
SOCKET_MESSAGE_BYTES = 256 * 1024
VISITOR_PER_MINUTE = 20
LINK_PER_MINUTE = 600
CONVERSATIONS_LISTED = 50


def take_turn(visitor_key: str, link_id: str, *, most: int = VISITOR_PER_MINUTE) -> int:
    """Count one question. Return 0, or the seconds to wait: this visitor (over `most`) or the whole link asked too often."""
    waits = take(f"visitor:{visitor_key}", Rate(most)), take(f"link:{link_id}", Rate(LINK_PER_MINUTE))
    return max(waits)
