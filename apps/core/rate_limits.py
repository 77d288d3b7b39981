"""Counting in Redis how often a person does something, and how long they have to wait."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from redis.exceptions import ResponseError

from apps.core.redis import WritesRefused, sync_redis

clock = time.time
"""Seconds since the epoch, by which windows are numbered. Tests stop it, so that no window ends within one of them."""


@dataclass(frozen=True)
class Rate:
    """At most `most` times in any window of `seconds` (windows begin at multiples of their length)."""

    most: int
    seconds: int = 60


_COUNT_EACH = """
local answer = {0}
for i, key in ipairs(KEYS) do
  local most, seconds = tonumber(ARGV[2 * i - 1]), ARGV[2 * i]
  local count = redis.call("INCR", key)
  if count == 1 then redis.call("EXPIRE", key, seconds) end
  answer[i + 1] = most - count
  if count > most then
    answer[1] = i
    break
  end
end
return answer
"""
"""Returns the number of the first key that is above its limit, 0 when none is, and what is left of each key up to that one;
those after it are not counted."""


@dataclass(frozen=True)
class Count:
    """`wait` is 0 within the rates, else the seconds until they will be kept again. `left` and `resets` are how many more
    are within the tightest of the rates, and in how many seconds its window ends."""

    wait: int
    left: int
    resets: int


def take(name: str, rate: Rate) -> int:
    """Count one of `name`. Return 0 when it is within the rate, else the seconds until it will be again.

    Raises ConnectionError or TimeoutError of redis-py where Redis does not count, PoolFull and WritesRefused among them: the
    caller is refused with what core.outages says about each (503 with Retry-After). REST and classifier apps work without
    Redis, so that a request which passed uncounted would be answered.
    """
    return take_each([(name, rate)])


def take_each(wanted: Sequence[tuple[str, Rate]]) -> int:
    """As `take`, for names in turn: what one of them refuses counts for none of those after it."""
    return count_each(wanted).wait


def count_each(wanted: Sequence[tuple[str, Rate]]) -> Count:
    """As `take_each`, with what is left."""
    now = clock()
    keys = [f"rate:{name}:{int(now // rate.seconds)}" for name, rate in wanted]
    limits = [number for _, rate in wanted for number in (rate.most, rate.seconds * 2)]
    try:
        refused, *left = map(int, sync_redis().eval(_COUNT_EACH, len(keys), *keys, *limits))
    except ResponseError as error:
        raise WritesRefused(str(error)) from error
    tightest = refused - 1 if refused else min(range(len(left)), key=left.__getitem__)
    seconds = wanted[tightest][1].seconds
    resets = max(1, seconds - int(now % seconds))
    return Count(resets if refused else 0, max(0, left[tightest]), resets)


_UNDER_WAY_SECONDS = 10
"""After which a guess without a result counts as ended."""


@dataclass(frozen=True)
class Guessing:
    """Makes every wrong guess cost twice the wait of the one before, after `free` of them, up to `longest` seconds."""

    free: int = 0
    longest: int = 900
    remembered: int = 24 * 3600
    """Seconds after which wrong guesses are forgotten."""

    def begin(self, name: str) -> int:
        """Take the turn to guess. Return 0, or the seconds to wait; of many at once no more get it than are free, and once
        those are used up exactly one.

        Raises RedisError: without Redis every guess is refused.
        """
        under_way = self._began(name)
        wrong = int(sync_redis().get(f"wrong:{name}") or 0)
        if wrong + under_way <= self.free:
            return 0
        wait = self._wait(wrong)
        if sync_redis().set(f"turn:{name}", 1, nx=True, ex=wait):
            return 0
        self._ended(name)
        return max(1, int(sync_redis().ttl(f"turn:{name}")))

    def _began(self, name: str) -> int:
        """Count a guess as under way, until it is known whether it was right; return how many are."""
        pipeline = sync_redis().pipeline()
        pipeline.incr(f"guess:{name}")
        pipeline.expire(f"guess:{name}", _UNDER_WAY_SECONDS)
        return int(pipeline.execute()[0])

    def _ended(self, name: str) -> None:
        if sync_redis().decr(f"guess:{name}") <= 0:
            sync_redis().delete(f"guess:{name}")

    def _wait(self, wrong: int) -> int:
        # A power of thirty is above any limit; larger ones would only be slow to compute.
        return int(min(self.longest, 2 ** max(0, min(wrong - self.free, 30))))

    def was_wrong(self, name: str) -> None:
        """Remember a wrong guess; the next turn comes later for it."""
        pipeline = sync_redis().pipeline()
        pipeline.incr(f"wrong:{name}")
        pipeline.expire(f"wrong:{name}", self.remembered)
        wrong, _ = pipeline.execute()
        self._ended(name)
        if wrong >= self.free:
            sync_redis().set(f"turn:{name}", 1, ex=self._wait(wrong))

    def was_right(self, name: str, *, forget: bool = True) -> None:
        """With `forget` the wrong guesses of before are forgotten."""
        self._ended(name)
        if forget:
            sync_redis().delete(f"wrong:{name}", f"turn:{name}")
