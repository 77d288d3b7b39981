"""Inside the child: sends events to the supervisor, hears its wish to stop, and ends when it is gone."""

import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from workers.contracts.events import (
    EVENTS_FD_VARIABLE,
    PAUSE_SIGNAL,
    Checkpoint,
    Event,
    Failed,
    Finished,
    Fix,
    Level,
    Log,
    Metric,
    Progress,
    Sample,
    SampleRow,
    Started,
)
from workers.contracts.specs import JobSpec
from workers.contracts.texts import Text
from workers.shared.failures import failed_by_system

Spec = TypeVar("Spec", bound=JobSpec)
NICENESS = 10


class JobError(Exception):
    """A failure that the user can fix; `message` says how. `fix` becomes a button. `note` only the log of the worker holds."""

    def __init__(
        self, code: str, message: Text, *, field: str | None = None, fix: Fix | None = None, note: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.fix = fix
        self.note = note


class StopRequested(Exception):
    """Raised by work that has nothing worth keeping when it is told to stop."""


class Reporter:
    """Writes events as JSON lines. Without a descriptor (run by hand from a shell) they go to standard output."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._stream = os.fdopen(descriptor, "w", buffering=1) if descriptor is not None else sys.stdout
        self._lock = threading.Lock()
        self._stop, self._pause = threading.Event(), threading.Event()
        self._last_progress = ("", 0.0)
        self._silent = False

    @property
    def should_stop(self) -> bool:
        return self._stop.is_set()

    @property
    def should_pause(self) -> bool:
        """Whether to write a checkpoint and end without a result."""
        return self._pause.is_set()

    def request_stop(self, *_: Any) -> None:
        self._stop.set()

    def request_pause(self, *_: Any) -> None:
        self._pause.set()

    def raise_if_stopping(self) -> None:
        if self.should_stop or self.should_pause:
            raise StopRequested

    def silence(self) -> None:
        """Send nothing from now on: of the processes that do one job together, another one reports."""
        self._silent = True

    def emit(self, event: Event) -> None:
        if self._silent:
            if isinstance(event, Failed):
                print(event.trace, file=sys.stderr)
            return
        with self._lock:
            self._stream.write(event.model_dump_json() + "\n")
            self._stream.flush()

    def started(self, *, device: str = "cpu", precision: str = "", threads: int = 0) -> None:
        self.emit(Started(pid=os.getpid(), device=device, precision=precision, threads=threads))

    def progress(
        self,
        phase: Text,
        done: float = 0,
        total: float | None = None,
        *,
        fraction: float | None = None,
        seconds_left: float | None = None,
    ) -> None:
        """Report progress; within a phase at most five times a second gets through, the last unit always."""
        now = time.monotonic()
        same_phase = phase == self._last_progress[0]
        if same_phase and now - self._last_progress[1] < 0.2 and (total is None or done < total):
            return
        self._last_progress = (phase, now)
        bounded = None if fraction is None else min(1.0, max(0.0, fraction))
        self.emit(Progress(phase=phase, done=done, total=total, fraction=bounded, seconds_left=seconds_left))

    def metric(self, step: int, values: dict[str, float], *, epoch: float = 0) -> None:
        self.emit(Metric(step=step, epoch=epoch, values=values))

    def log(self, text: Text, level: Level = "info") -> None:
        self.emit(Log(level=level, text=text))

    def checkpoint(self, path: Path, step: int, *, best: bool = False) -> None:
        self.emit(Checkpoint(path=str(path), step=step, best=best))

    def sample(self, step: int, rows: list[SampleRow]) -> None:
        self.emit(Sample(step=step, rows=rows))


def _exit_when_orphaned() -> None:
    """End the process when the supervisor's end of our standard input closes, even if it was killed with -9."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def _make_way() -> None:
    """Let the engine and the pages, which a person is waiting for, go first."""
    os.nice(NICENESS)
    # Where the kernel schedules by session (autogroup), niceness counts only within ours. The supervisor starts every child
    # as the leader of a session of its own; the session of a terminal stays as it is.
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(NICENESS))


def run_child(spec_type: type[Spec], work: Callable[[Spec, Reporter], BaseModel]) -> None:
    """Run `work` as the main function of a child: parse the spec named by the first argument, report how it ends.

    Exit status: 0 finished, 1 failed or errored, 3 stopped on request without a result.
    """
    descriptor = os.environ.get(EVENTS_FD_VARIABLE)
    reporter = Reporter(int(descriptor) if descriptor else None)
    signal.signal(signal.SIGTERM, reporter.request_stop)
    signal.signal(PAUSE_SIGNAL, reporter.request_pause)
    if descriptor:
        _make_way()
        threading.Thread(target=_exit_when_orphaned, daemon=True).start()
    try:
        spec = spec_type.model_validate(json.loads(Path(sys.argv[1]).read_text()))
        result = work(spec, reporter)
    except StopRequested:
        sys.exit(3)
    except JobError as error:
        reporter.emit(
            Failed(
                code=error.code,
                message=error.message,
                field=error.field,
                fix=error.fix,
                trace=traceback.format_exc(),
                note=error.note,
            )
        )
        sys.exit(1)
    except Exception as error:
        reporter.emit(failed_by_system(error))
        sys.exit(1)
    reporter.emit(Finished(result=result.model_dump(mode="json")))
