"""How the site asks streamers for a reply, and asks them to stop one.

`replies` is a Redis Stream read by one consumer group; an entry stays until its reply has ended. It names a Message
row, or carries the whole request where no row remembers it (trying a model by hand), and the workspace whose turn it takes.
"""

import logging
from collections.abc import Iterable
from uuid import UUID

import redis
from pydantic import BaseModel, Field

from apps.publishing.connections import sync_redis
from workers.contracts.engine import Sampling
from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage

logger = logging.getLogger(__name__)

REQUESTS = "replies"
GROUP = "streamers"
STOPS = "reply-stops"
HEARTBEAT = "streamer:"
HELD = "reply-held:"
"""A reply that a streamer works on, for as long as a lease: its entry on the stream may be lost, the work is not."""
_STOP_SECONDS = 600


class ReplyRequest(BaseModel):
    """Everything that a streamer needs. `model` is the storage key by which the engine knows it."""

    reply: str
    model: str
    family: Family
    messages: list[PromptMessage]
    sampling: Sampling = Field(default_factory=Sampling)
    kept: bool = True
    """Whether a Message row waits for the answer."""
    stop: bool = False
    """Whether the visitor pressed Stop before anyone took it."""
    asked_at: float = 0
    """Unix time at which the visitor asked."""


def send_message(message_id: UUID | str, *, workspace_id: UUID | str) -> None:
    """Ask for the answer to a Message. When Redis is away a streamer finds the row later: the database is the queue."""
    try:
        sync_redis().xadd(REQUESTS, {"reply": str(message_id), "workspace": str(workspace_id)})
    except redis.RedisError:
        logger.warning("Could not queue reply %s; a streamer will find it", message_id, exc_info=True)


def send_request(request: ReplyRequest, *, workspace_id: UUID | str) -> None:
    """Ask for a reply that no row remembers."""
    fields = {"reply": request.reply, "workspace": str(workspace_id), "request": request.model_dump_json()}
    sync_redis().xadd(REQUESTS, fields)


def send_stop(reply: UUID | str) -> None:
    """Ask whichever streamer has this reply, or will have it, to stop it."""
    try:
        pipeline = sync_redis().pipeline()
        pipeline.set(stop_key(reply), "1", ex=_STOP_SECONDS)
        pipeline.xadd(STOPS, {"reply": str(reply)}, maxlen=1000, approximate=True)
        pipeline.execute()
    except redis.RedisError:
        logger.warning("Could not send the stop of reply %s", reply, exc_info=True)


def send_stops(replies: Iterable[UUID | str]) -> None:
    for reply in replies:
        send_stop(reply)


def stop_key(reply: UUID | str) -> str:
    return f"reply-stop:{reply}"


def live_streamers() -> list[str]:
    """Names of the streamers that gave a sign of life within the last seconds."""
    return [key.removeprefix(HEARTBEAT) for key in sync_redis().scan_iter(match=f"{HEARTBEAT}*")]
