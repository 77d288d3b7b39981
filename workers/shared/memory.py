"""Memory of processes and of the machine: what is held, what is left, and whether the kernel killed for want of it.

The kernel counts such kills, but reports none. Processes that read files of strangers get a bound, so that it is not the
engine that the kernel chooses.

`oom_kill` in a control group's memory.events (version 2) or memory.oom_control (version 1), else in /proc/vmstat for the
whole machine: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
"""

import contextlib
import os
import re
import resource
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")
_PROCESS = Path("/proc/self/status")


def counters() -> list[Path]:
    """Files that hold the count for this process's own control group, and the machine's."""
    return [path for path in (*_of_own_group(), Path("/proc/vmstat")) if path.is_file()]


def _of_own_group() -> Iterator[Path]:
    for folder, is_first_version in _own_groups():
        yield folder / ("memory.oom_control" if is_first_version else "memory.events")
    # Inside a container the group is often mounted as the root.
    yield _CGROUPS / "memory.events"
    yield _CGROUPS / "memory" / "memory.oom_control"


def _own_groups() -> Iterator[tuple[Path, bool]]:
    """Folders of this process's own control group, and whether that is of version 1."""
    try:
        lines = _OWN_GROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, place = line.split(":", 2)
        if not controllers:
            yield _CGROUPS / place.lstrip("/"), False
        elif "memory" in controllers.split(","):
            yield _CGROUPS / "memory" / place.lstrip("/"), True


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
"""With less not even a small file can be read: the libraries take most of it."""
MOST_BYTES = 4 << 30


@dataclass(frozen=True)
class Share:
    """`bytes` is what each child may hold, `at_once` how many of them run at the same time."""

    bytes: int
    at_once: int


def share(together_mb: int, at_once: int) -> Share:
    """The share of each of `at_once` children that may hold `together_mb` between them; 0 of these stands for half of what
    the machine or its container has.

    Where that is too little for so many, fewer run at once: the sum of the shares never exceeds it. One child may always
    run, with LEAST_BYTES.
    """
    together = together_mb << 20 or _available() // 2
    fitting = max(1, min(at_once, together // LEAST_BYTES))
    most = together if together_mb else MOST_BYTES
    return Share(max(LEAST_BYTES, min(most, together // fitting)), fitting)


def bound(most_bytes: int | None = None) -> None:
    """Let this process hold at most `most_bytes`, else its share as the supervisor states it: what asks for more is
    refused. A small file can unpack to more than any machine has."""
    limit = most_bytes or int(os.environ.get(LIMIT_VARIABLE) or share(0, 2).bytes)
    # Not every system knows this limit.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _available() -> int:
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *(limit for limit, _ in _group_limits())])


def free() -> int:
    """Bytes that processes may still take: of the machine, and of every control group around this process."""
    return min([int(psutil.virtual_memory().available), *(left for _, left in _group_limits())])


def held() -> int:
    """Bytes that the machine gets back when this process ends. Pages of mapped files are not among them."""
    return _of_process("RssAnon") or int(psutil.Process().memory_info().rss)


def resident() -> int:
    """Bytes that are resident now, mapped files included."""
    return int(psutil.Process().memory_info().rss)


def peak() -> int:
    """Most bytes that were resident at once since this program began, mapped files included (Linux: VmHWM).

    Not getrusage's `ru_maxrss`, where it can be helped: a child begins that with the size of the process that started it.
    """
    return _of_process("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _of_process(name: str) -> int:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", _PROCESS.read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _group_limits() -> Iterator[tuple[int, int]]:
    """(limit, what is left of it) in bytes, of each control group around this process that has one."""
    folders = dict.fromkeys([*_own_groups(), (_CGROUPS, False), (_CGROUPS / "memory", True)])
    for own, is_first_version in folders:
        for folder in (own, *own.parents):
            if not folder.is_relative_to(_CGROUPS):
                break
            with contextlib.suppress(OSError, ValueError):
                yield _limit_of(folder, is_first_version)


def _limit_of(folder: Path, is_first_version: bool) -> tuple[int, int]:
    """Raises ValueError where a group has no limit ("max"), OSError where it is not there."""
    names = (
        ("memory.limit_in_bytes", "memory.usage_in_bytes")
        if is_first_version
        else ("memory.max", "memory.current")
    )
    limit, used = (int((folder / name).read_text()) for name in names)
    # The kernel gives up cached files before it refuses memory.
    cached = "total_inactive_file" if is_first_version else "inactive_file"
    found = re.search(rf"^{cached} (\d+)$", (folder / "memory.stat").read_text(), re.MULTILINE)
    return limit, max(0, limit - used + (int(found[1]) if found else 0))
