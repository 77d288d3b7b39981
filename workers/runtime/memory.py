"""Whether the kernel ended a process because memory ran out: it counts such kills, but tells nobody. And a bound for
processes that read files of strangers, so that it is not the engine that the kernel chooses.

`oom_kill` in a control group's memory.events (version 2) or memory.oom_control (version 1), else in /proc/vmstat for the
whole machine: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
"""

import contextlib
import os
import resource
from collections.abc import Iterable, Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def counters() -> list[Path]:
    """Files that hold the count for this process's own control group, and the machine's."""
    return [path for path in (*_of_own_group(), Path("/proc/vmstat")) if path.is_file()]


def _of_own_group() -> Iterator[Path]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, place = line.split(":", 2)
        if not controllers:
            yield _CGROUPS / place.lstrip("/") / "memory.events"
        elif "memory" in controllers.split(","):
            yield _CGROUPS / "memory" / place.lstrip("/") / "memory.oom_control"
    # Inside a container the group is often mounted as the root.
    yield _CGROUPS / "memory.events"
    yield _CGROUPS / "memory" / "memory.oom_control"


def kills(files: Iterable[Path]) -> int:
    """Processes that the kernel killed for want of memory so far, as `files` count them together."""
    total = 0
    for path in files:
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return total


LIMIT_VARIABLE = "CHILD_MEMORY_BYTES"
"""In the environment of a child: how much it may hold."""
LEAST_BYTES = 768 << 20
MOST_BYTES = 4 << 30


def share(together_mb: int, at_once: int) -> int:
    """Bytes for each of `at_once` children that may hold `together_mb` between them; 0 of these stands for half of what
    the machine or its container has."""
    if together_mb:
        return max(LEAST_BYTES, (together_mb << 20) // max(1, at_once))
    return max(LEAST_BYTES, min(MOST_BYTES, _available() // 2 // max(1, at_once)))


def bound(most_bytes: int | None = None) -> None:
    """Let this process hold at most `most_bytes`, else its share as the supervisor states it: what asks for more is
    refused. A small file can unpack to more than any machine has."""
    limit = most_bytes or int(os.environ.get(LIMIT_VARIABLE) or share(0, 2))
    # Not every system knows this limit.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _available() -> int:
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in (_CGROUPS / "memory.max", _CGROUPS / "memory" / "memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            machine = min(machine, int(path.read_text()))
    return machine
