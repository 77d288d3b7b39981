"""What one visitor, one link and one answer may use."""

from django.conf import settings

from apps.core.rate_limits import Rate, take_each

MOST_CHARACTERS = 50_000
"""Of one message; what the model reads is often less, and then said in tokens."""
MOST_PASSWORD_CHARACTERS = 128
"""Hashing a longer one would only cost time."""
LEAST_PASSWORD_CHARACTERS = 8
MOST_USES = 1_000_000_000
"""Of a link: what the column holds on every database."""
MOST_TOKENS = 1_000_000_000_000
MOST_EMBED_SITES = 20
SOCKET_MESSAGE_BYTES = 256 * 1024
VISITOR_PER_MINUTE = 20
CONVERSATIONS_LISTED = 50
MESSAGES_RESENT = 200
"""The newest messages of a conversation that a page gets again after it changed elsewhere."""
TURNS_A_PAGE = 40


def take_turn(visitor_key: str, link_id: str, *, most: int | None = None, address: str = "") -> int:
    """Count one question. Return 0, or the seconds to wait: this visitor (over `most`), this address or the whole link
    asked too often.

    A visitor is known by a cookie, which a program can leave out; `address` (as limits count it, empty where a person is known
    better) is what is left of those who do not, and counts for each link apart: two classes behind one address use two
    apps. What one of them may not ask counts neither for the address, which a
    classroom shares, nor for the link, so that one visitor cannot close it to all others.
    """
    rates = [
        (f"visitor:{visitor_key}", VISITOR_PER_MINUTE if most is None else most),
        *([(f"questions:{link_id}:{address}", settings.QUESTIONS_PER_MINUTE)] if address else []),
        (f"link:{link_id}", settings.APP_QUESTIONS_PER_MINUTE),
    ]
    return take_each([(name, Rate(limit)) for name, limit in rates])
