"""What one visitor, one link and one answer may use."""

import time

import redis

from apps.publishing.connections import sync_redis

MOST_CHARACTERS = 50_000
"""Of one message; what the model reads is often less, and then said in tokens."""
SOCKET_MESSAGE_BYTES = 256 * 1024
VISITOR_PER_MINUTE = 20
LINK_PER_MINUTE = 600
CONVERSATIONS_LISTED = 50


def take_turn(visitor_key: str, link_id: str, *, most: int = VISITOR_PER_MINUTE) -> bool:
    """Count one question. False when this visitor (over `most`), or the whole link, asked too often in this minute."""
    minute = int(time.time() // 60)
    pipeline = sync_redis().pipeline(transaction=False)
    for name in (f"visitor:{visitor_key}", f"link:{link_id}"):
        key = f"rate:{name}:{minute}"
        pipeline.incr(key)
        pipeline.expire(key, 120)
    try:
        by_visitor, _, by_link, _ = pipeline.execute()
    except redis.RedisError:
        # Nothing is answered without Redis either; the question is kept until it is back.
        return True
    return bool(by_visitor <= most and by_link <= LINK_PER_MINUTE)
