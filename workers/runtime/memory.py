"""Whether the kernel ended a process because memory ran out: it counts such kills, but tells nobody.

`oom_kill` in a control group's memory.events (version 2) or memory.oom_control (version 1), else in /proc/vmstat for the
whole machine: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
"""

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
