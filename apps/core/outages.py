"""What is said while a part does not work that everything needs: Redis, the database, the disk below them. One answer, with
one code, for pages, programs and sockets."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from http.client import INSUFFICIENT_STORAGE, SERVICE_UNAVAILABLE

from django.db import OperationalError
from django.utils.translation import gettext as _

from apps.core.database import is_out_of_space, is_unavailable
from apps.core.disk_space import is_disk_full
from apps.core.errors import Response, mark_response
from apps.core.redis import AWAY, CONNECTIONS, POOL_WAIT_SECONDS, PoolFull, refuses_writes

AGAIN_AFTER_SECONDS = 5


@dataclass(frozen=True)
class Outage:
    """`status` is that of HTTP; 507 means that an administrator has to make room, 503 that waiting is enough."""

    code: str
    status: int
    message: str
    log: str

    @property
    def retry_after(self) -> int | None:
        """In seconds."""
        return AGAIN_AFTER_SECONDS if self.status == SERVICE_UNAVAILABLE else None

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)} if self.retry_after else {}

    def mark(self, response: Response) -> Response:
        """Give the answer that says it the status and headers that go with it."""
        return mark_response(response, self.status, self.headers)


def outage_of(error: BaseException) -> Outage | None:
    """The outage that `error` comes from; None for a fault of another kind."""
    if isinstance(error, PoolFull):
        busy = _("The studio is handling as many requests as it can. Try again in a few seconds.")
        return _away(busy, f"All {CONNECTIONS} connections to Redis were in use for {POOL_WAIT_SECONDS} s")
    if refuses_writes(error):
        if is_disk_full():
            return _disk_full(error)
        refused = _(
            "The studio cannot save anything at the moment. Its Redis refuses writes, usually because a disk or the memory is full. Tell an administrator."
        )
        return _away(refused, f"Redis refuses writes ({error})")
    if isinstance(error, AWAY) or is_unavailable(error):
        message = _(
            "A part of the studio is not responding at the moment. Wait a few seconds, then try again."
        )
        return _away(message, f"a part is away ({type(error).__name__}: {error})")
    if is_out_of_space(error) or _has_no_room(error):
        return _disk_full(error)
    return None


def outage_behind(error: BaseException | None) -> Outage | None:
    """As `outage_of`, for an unexpected error: on a full disk each part fails in its own way."""
    if is_disk_full():
        return _disk_full(error)
    return outage_of(error) if error else None


def _disk_full(error: BaseException | None) -> Outage:
    message = _("The studio's disk is full. Ask an administrator to free some space.")
    return Outage("disk_full", INSUFFICIENT_STORAGE, message, f"the disk is full ({error})")


def _away(message: str, log: str) -> Outage:
    return Outage("away", SERVICE_UNAVAILABLE, message, log)


def _has_no_room(error: BaseException) -> bool:
    """SQLite on a full disk also fails to open a file or to read one."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, OperationalError) and is_disk_full()
