"""Runs one command and makes sure that nothing of it outlives the launcher: `python -m launcher.guard -- command…`.

The guard's standard input is a pipe that only the launcher holds. When it closes, even by kill -9 of the launcher, the
guard ends the command with every descendant. On Linux descendants whose parent died are adopted by the guard, so that
none escapes; elsewhere those that still have their parents are found. The command's own standard input is a pipe that
the guard holds, so that a command that watches it (the engine, a training run) notices the end of the guard too.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE_VARIABLE = "MAQUETTE_GUARD_GRACE"
DEFAULT_GRACE_SECONDS = 3.0


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask Linux to send this process a signal when its parent ends; elsewhere nothing happens."""
    _prctl(PR_SET_PDEATHSIG, number)


def descendants() -> list[psutil.Process]:
    """Every live process below this one."""
    found = psutil.Process().children(recursive=True)
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


def kill_descendants() -> None:
    """SIGKILL everything below this process until nothing is left: a killed parent may have forked meanwhile."""
    for _ in range(50):
        left = descendants()
        if not left:
            return
        for process in left:
            with _ignore_gone():
                process.kill()
        psutil.wait_procs(left, timeout=0.1)


class _ignore_gone:
    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, psutil.NoSuchProcess | ProcessLookupError)


class Guard:
    """One command with the signals and pipes around it."""

    def __init__(self, command: list[str], descriptors: list[int]) -> None:
        self.grace_seconds = float(os.environ.pop(GRACE_VARIABLE, DEFAULT_GRACE_SECONDS))
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=descriptors,
            preexec_fn=die_with_parent,
        )
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, self._forward)
        threading.Thread(target=self._watch_launcher, daemon=True).start()

    def _forward(self, number: int, frame: FrameType | None) -> None:
        if self.child.poll() is None:
            self.child.send_signal(number)

    def _watch_launcher(self) -> None:
        while os.read(0, 4096):
            pass
        if self.child.poll() is None:
            self.child.terminate()
        deadline = time.monotonic() + self.grace_seconds
        while self.child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        kill_descendants()

    def wait(self) -> int:
        """Return the command's exit status once it and everything below it has ended."""
        status = self.child.wait()
        kill_descendants()
        return 128 - status if status < 0 else status


def main(arguments: list[str]) -> int:
    """`[--fd N]… -- command…`: descriptors to hand on, then the command."""
    split = arguments.index("--")
    descriptors = [int(text) for text in arguments[1:split:2]]
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    return Guard(arguments[split + 1 :], descriptors).wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
