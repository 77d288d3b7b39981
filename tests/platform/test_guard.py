"""Nothing that runs under a guard outlives whoever started the guard."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 20

# A parent that starts a grandchild in a session of its own, as a supervisor does, and writes down both numbers.
FAMILY = """
import os, pathlib, signal, subprocess, sys, time
{setup}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path({note!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], list[int]]]]:
    """Starts a family under a guard; returns the guard and the numbers of parent and grandchild."""
    started: list[int] = []
    guards: list[subprocess.Popen[bytes]] = []

    def start(setup: str = "") -> tuple[subprocess.Popen[bytes], list[int]]:
        note = tmp_path / "note"
        code = FAMILY.format(setup=setup, note=str(note))
        guard = subprocess.Popen(
            [sys.executable, "-m", "launcher.guard", "--", sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            cwd=ROOT,
            env={"MAQUETTE_GUARD_GRACE": "0.5", "PATH": "/usr/bin:/bin"},
        )
        guards.append(guard)
        assert wait_for(lambda: note.exists() and len(note.read_text().split()) == 2)
        started.extend(int(text) for text in note.read_text().split())
        return guard, list(started)

    yield start
    for pid in [*started, *(guard.pid for guard in guards)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()
    for guard in guards:
        guard.wait()


def test_the_end_of_the_launcher_ends_parent_and_grandchild(guarded) -> None:
    guard, family = guarded()
    guard.stdin.close()
    assert wait_for(lambda: not any(map(is_alive, family)))
    assert guard.wait(WAIT_SECONDS) != 0


def test_a_command_that_ignores_sigterm_is_killed(guarded) -> None:
    guard, family = guarded("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    guard.stdin.close()
    assert wait_for(lambda: not any(map(is_alive, family)))


def test_sigterm_is_passed_on_and_the_orphaned_grandchild_ends_too(guarded) -> None:
    guard, family = guarded()
    guard.terminate()
    assert guard.wait(WAIT_SECONDS) != 0
    assert wait_for(lambda: not any(map(is_alive, family)))


@pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is Linux's")
def test_kill_9_of_the_command_leaves_no_grandchild(guarded) -> None:
    guard, family = guarded()
    psutil.Process(family[0]).kill()
    assert guard.wait(WAIT_SECONDS) == 128 + 9
    assert wait_for(lambda: not is_alive(family[1]))


@pytest.mark.skipif(sys.platform != "linux", reason="dying with a parent is Linux's")
def test_kill_9_of_the_guard_ends_the_command(guarded) -> None:
    guard, family = guarded()
    guard.kill()
    assert wait_for(lambda: not is_alive(family[0]))


def test_the_exit_status_of_the_command_is_the_guards() -> None:
    command = [sys.executable, "-m", "launcher.guard", "--", sys.executable, "-c", "raise SystemExit(7)"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as guard:
        assert guard.wait(WAIT_SECONDS) == 7
