"""The places of imports: as many read files at once on one machine as fit into the memory that all of them may hold.

A place is a lock of the kernel, so that it is free again however its supervisor ended, and counts for every worker that
shares WORK_DIR.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

_LOOK_EVERY_SECONDS = 0.5


def take(folder: Path, count: int) -> int | None:
    """Return a descriptor that holds one of `count` places until it is closed; None while all of them are taken."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        descriptor = os.open(folder / f"import-{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        else:
            return descriptor
    return None


def wait_for(folder: Path, count: int, goes_on: Callable[[], bool]) -> int | None:
    """As `take`, once a place is free. None as soon as `goes_on`, which is asked between looks, says no."""
    while (place := take(folder, count)) is None:
        if not goes_on():
            return None
        time.sleep(_LOOK_EVERY_SECONDS)
    return place
