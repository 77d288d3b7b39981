"""The token log of a reply: a Redis Stream whose entry ids are the sequence numbers.

Redis refuses an id that is not above the last one, so of two streamers that hold the same reply (one was paused
until its lease lapsed) only one can write any number, and the other learns that it lost the reply.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from redis.exceptions import ResponseError

from apps.publishing.connections import AsyncRedis, sync_redis

Kind = Literal["text", "state", "end"]

KEEP_SECONDS = 900
"""How long a log outlives its last entry."""
LONGEST_SECONDS = 6 * 3600
"""How long it lives while entries are being added."""


class LostReply(Exception):
    """Another streamer has gone on with this reply."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`data`: {"text"} of a frame; {"state", …} of a state; the stored outcome, of the end."""

    seq: int
    kind: Kind
    data: dict[str, Any]


def key_of(reply: UUID | str) -> str:
    return f"reply:{reply}"


def parse(raw: tuple[str, dict[str, str]]) -> Entry:
    entry_id, fields = raw
    return Entry(int(entry_id.split("-")[0]), fields["kind"], json.loads(fields["data"]))  # type: ignore[arg-type]


async def append(connection: AsyncRedis, reply: UUID | str, entry: Entry) -> int:
    """Return how many entries the log has now. Raises LostReply when this number is taken."""
    key = key_of(reply)
    pipeline = connection.pipeline(transaction=False)
    _add(pipeline, key, entry)
    pipeline.xlen(key)
    try:
        length: int = (await pipeline.execute())[-1]
    except ResponseError as error:
        if "equal or smaller" in str(error):
            raise LostReply from error
        raise
    return length


def _add(pipeline: Any, key: str, entry: Entry) -> None:
    pipeline.xadd(key, {"kind": entry.kind, "data": json.dumps(entry.data)}, id=f"{entry.seq}-0")
    if entry.kind != "text" or entry.seq == 1:
        pipeline.expire(key, KEEP_SECONDS if entry.kind == "end" else LONGEST_SECONDS)


async def rewrite(connection: AsyncRedis, reply: UUID | str, entries: list[Entry]) -> None:
    """Write the whole log again, at once. Readers go on where they are: the numbers stay the same."""
    key = key_of(reply)
    pipeline = connection.pipeline(transaction=True)
    pipeline.delete(key)
    for entry in entries:
        _add(pipeline, key, entry)
    if entries and entries[-1].kind != "end":
        pipeline.expire(key, LONGEST_SECONDS)
    await pipeline.execute()


async def read(connection: AsyncRedis, reply: UUID | str, *, after: int = 0) -> list[Entry]:
    """All entries above `after`, in order."""
    return [parse(raw) for raw in await connection.xrange(key_of(reply), min=f"({after}-0")]


def said_so_far(reply: UUID | str) -> tuple[str, int]:
    """The text of a reply under way and the number of its last entry, for a page that is drawn in a thread."""
    entries = [parse(raw) for raw in sync_redis().xrange(key_of(reply))]
    text = "".join(entry.data["text"] for entry in entries if entry.kind == "text")
    return text, entries[-1].seq if entries else 0


async def last_seq(connection: AsyncRedis, reply: UUID | str) -> int:
    """0 when there is no log."""
    newest = await connection.xrevrange(key_of(reply), count=1)
    return parse(newest[0]).seq if newest else 0
