"""Counting in Redis how often somebody does something, and how long they have to wait."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rate:
    """At most `most` times in any window of `seconds` (windows begin at multiples of their length)."""

    most: int
    seconds: int = 60


def take(name: str, rate: Rate) -> int:
    """Count one of `name`. Return 0 when it is within the rate, else the seconds until it will be again.

    While Redis is away nothing is refused: nothing that is limited here works without it either.
    """
    now = time.time()
    key = f"rate:{name}:{int(now // rate.seconds)}"
    try:
        cache.add(key, 0, rate.seconds * 2)
        count = cache.incr(key)
    except (RedisError, ValueError):
        logger.warning("A rate could not be counted", exc_info=True)
        return 0
    return 0 if count <= rate.most else max(1, rate.seconds - int(now % rate.seconds))


@dataclass(frozen=True)
class Guessing:
    """Makes every wrong guess cost twice the wait of the one before, after `free` of them, up to `longest` seconds."""

    free: int = 0
    longest: int = 900
    remembered: int = 24 * 3600
    """Seconds after which wrong guesses are forgotten."""

    def begin(self, name: str) -> int:
        """Take the turn to guess. Return 0, or the seconds to wait; of many at once exactly one gets the turn.

        Raises RedisError: without Redis nobody guesses.
        """
        wrong = int(cache.get(f"wrong:{name}") or 0)
        if wrong < self.free:
            return 0
        wait = self._wait(wrong)
        if cache.add(f"turn:{name}", time.time() + wait, wait):
            return 0
        return max(1, round(float(cache.get(f"turn:{name}") or 0) - time.time()))

    def _wait(self, wrong: int) -> int:
        # A power of thirty is above any limit; larger ones would only be slow to compute.
        return int(min(self.longest, 2 ** min(wrong - self.free, 30)))

    def was_wrong(self, name: str) -> None:
        """Remember a wrong guess; the next turn comes later for it."""
        key = f"wrong:{name}"
        cache.add(key, 0, self.remembered)
        wrong = cache.incr(key)
        if wrong >= self.free:
            wait = self._wait(wrong)
            cache.set(f"turn:{name}", time.time() + wait, wait)

    def was_right(self, name: str) -> None:
        cache.delete_many([f"wrong:{name}", f"turn:{name}"])
