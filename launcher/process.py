"""One supervised process: started under a guard, restarted when it ends by itself, ended when we say so."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from launcher.console import Console
from launcher.environment import ROOT
from launcher.guard import GRACE_VARIABLE

FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 0.5, 30.0
STEADY_AFTER_SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """What to run, and how to see that it works.

    `is_healthy` answers within about a second and raises nothing; `descriptors` are handed on to the command.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    is_healthy: Callable[[], bool]
    descriptors: tuple[int, ...] = field(default=())
    is_routine: bool = False
    """Whether what it says is for its log file alone."""


class Process:
    """A Service with the process that runs it now. Used by the launcher's thread alone, but for the reading of logs."""

    def __init__(self, service: Service, console: Console, lock_descriptor: int) -> None:
        self.service = service
        self.was_healthy = False
        self._console = console
        self._lock_descriptor = lock_descriptor
        self._popen: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay = FIRST_DELAY_SECONDS
        self._start_at: float | None = None

    @property
    def name(self) -> str:
        return self.service.name

    def start(self) -> None:
        """Start the command under a guard, which keeps the launcher's lock until everything below it has ended."""
        handed_on = [part for number in self.service.descriptors for part in ("--fd", str(number))]
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "launcher.guard", *handed_on, "--", *self.service.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={GRACE_VARIABLE: "2", **self.service.environment},
            cwd=ROOT,
            pass_fds=(self._lock_descriptor, *self.service.descriptors),
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        self._start_at = None
        threading.Thread(target=self._read_log, args=(self._popen,), daemon=True).start()

    def _read_log(self, popen: subprocess.Popen[bytes]) -> None:
        for line in popen.stdout or ():
            self._console.line(self.name, line.decode(errors="replace").rstrip(), self.service.is_routine)

    @property
    def is_running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def check_health(self) -> bool:
        self.was_healthy = self.is_running and self.service.is_healthy()
        return self.was_healthy

    def tend(self) -> None:
        """Notice an end and start again after a delay that doubles while it keeps ending. Call several times a second."""
        now = time.monotonic()
        if self.is_running:
            if now - self._started_at > STEADY_AFTER_SECONDS:
                self._delay = FIRST_DELAY_SECONDS
        elif self._start_at is None:
            status = self._popen.returncode if self._popen else None
            self._console.line(
                self.name, f"ended with status {status}; starting it again in {self._delay:g} s"
            )
            self._start_at = now + self._delay
            self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)
        elif now >= self._start_at:
            self.start()

    def ask_to_end(self) -> None:
        if self.is_running and self._popen:
            self._popen.send_signal(signal.SIGTERM)

    def end(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then have the guard kill what is left."""
        if self._popen is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.0, deadline - time.monotonic()))
        if self._popen.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._popen.stdin.close()  # from here on the guard counts its grace
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(4)
        if self._popen.poll() is None:
            self._popen.kill()
