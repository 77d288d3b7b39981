"""Runs a claimed job in a child process of its own and writes down what it says.

The child is started with Popen in its own process group. It holds the write end of the event pipe; we hold the write
end of its standard input, whose closing (also by our own kill -9) ends it. The Celery workers run their tasks in threads:
a supervisor only waits, and hears in its loop when its worker is told to end.
"""

import contextlib
import json
import logging
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from pydantic import ValidationError

from apps.core.database import is_outage, wait_for_database
from apps.core.storage import local_copies, storage
from apps.jobs import services
from apps.jobs.models import Job
from apps.jobs.runner import import_slots
from apps.jobs.runner.child import (
    base_access,
    end_group,
    engine_access,
    environment_of,
    memory_access,
    memory_share,
    signal_group,
    source_access,
    tracker_access,
)
from apps.jobs.runner.deaths import end_without_a_word
from workers.contracts.events import (
    PAUSE_SIGNAL,
    SAVING,
    STARTING,
    WAITING_FOR_MEMORY,
    Checkpoint,
    Event,
    Failed,
    Finished,
    Log,
    Progress,
    parse_event,
)
from workers.contracts.fixes import file_too_slow
from workers.contracts.job_kinds.importing import ADDRESS_VARIABLE
from workers.contracts.texts import Text
from workers.shared import memory
from workers.shared.failures import failed_by_system
from workers.shared.storage import StorageError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

BATCH_SECONDS = 1.0
STOPPED_WITHOUT_RESULT = 3
LONGEST_LINE_BYTES = 8 << 20
_SAVING_TIMES_GRACE = 10
"""How much longer a child may take that is to pause, or is writing what a stop is to keep: a large model takes minutes."""
_OVERTIME_SECONDS = 60

worker_is_ending = threading.Event()
"""Set when the Celery worker shuts down: running jobs are then given back to the queue."""


def supervise(job_id: str) -> None:
    """Claim and do the job; return at once when another worker has it. Never raises for what the job does."""
    close_old_connections()
    job = services.claim(job_id=job_id, worker=socket.gethostname())
    if job is None:
        return
    for left_behind in Path(settings.WORK_DIR).glob(f"{job.pk}-*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    work = Path(settings.WORK_DIR) / f"{job.pk}-{job.attempt}"
    try:
        (work / "out").mkdir(parents=True)
        _Attempt(job, work).run()
    except (StorageError, OSError) as error:
        logger.exception("Job %s could not be run", job.pk)
        failure = (
            Failed(code="storage", message=Text.plain(str(error)), user_error=False)
            if isinstance(error, StorageError)
            else failed_by_system(error, code="storage")
        )
        wait_for_database(lambda: services.fail(job, failure))
    finally:
        shutil.rmtree(work, ignore_errors=True)
        close_old_connections()


class _Attempt:
    def __init__(self, job: Job, work: Path) -> None:
        self.job = job
        self.work = work
        self.pending: list[Event] = []
        self.outcome: Finished | Failed | None = None
        self.stop_sent_at: float | None = None
        self.pause_sent_at: float | None = None
        self.is_saving = self.has_spoken = self.was_killed = False
        self.is_current = True
        self.base = base_access(job)
        self.source = source_access(job)
        self.share = memory_share(job)
        self._held = contextlib.ExitStack()
        self._kills_before = 0
        self._began = time.monotonic()
        self._last_beat = 0.0

    def run(self) -> None:
        with self._held:
            if self._has_place():
                self._run()

    def _has_place(self) -> bool:
        """Wait until the memory of all imports has room for this one. False when the job ended or went back meanwhile."""
        if self.share is None:
            return True
        place = import_slots.wait_for(
            Path(settings.WORK_DIR) / "places", self.share.at_once, self._goes_on_waiting
        )
        if place is None:
            # Of a job whose stop was requested this ends the attempt.
            wait_for_database(lambda: services.release(self.job))
            return False
        self._held.callback(os.close, place)
        self._began = time.monotonic()
        if self._last_beat:
            # It waited and said so: until the child speaks, it starts.
            self.pending.append(Progress(phase=STARTING))
        return True

    def _goes_on_waiting(self) -> bool:
        try:
            if not self._last_beat and not self.pending:
                self.pending.append(Progress(phase=WAITING_FOR_MEMORY))
            self._flush()
            is_stopped = services.wishes_for(self.job).stop
        except DatabaseError as error:
            self._require_outage(error)
            is_stopped = False
        self._beat_in_time(time.monotonic())
        return self.is_current and not is_stopped and not worker_is_ending.is_set()

    def _run(self) -> None:
        self._hold_hub_copies()
        self._write_spec()
        self._kills_before = memory.kills(memory.counters())
        events_read, events_write = os.pipe()
        stderr_path = self.work / "stderr.log"
        with stderr_path.open("wb") as stderr:
            child = subprocess.Popen(
                [sys.executable, "-m", self.job.job_kind.module, str(self.work / "spec.json")],
                stdin=subprocess.PIPE,
                stdout=stderr,
                stderr=stderr,
                pass_fds=(events_write,),
                start_new_session=True,
                cwd=settings.BASE_DIR,
                env=environment_of(
                    self.work,
                    events_write,
                    self.base
                    | self.source
                    | engine_access(self.job)
                    | tracker_access(self.job)
                    | memory_access(self.share),
                ),
            )
        os.close(events_write)
        try:
            self._follow(child, events_read)
            if worker_is_ending.is_set() and self.outcome is None:
                wait_for_database(lambda: services.release(self.job))
                return
        finally:
            end_group(child)
            with contextlib.suppress(OSError):
                os.close(events_read)
        if isinstance(self.outcome, Finished) and self.is_current:
            self._publish_output()
        wait_for_database(lambda: self._conclude(child.returncode, stderr_path))

    def _beating(self, work: Callable[[], Result]) -> Result:
        """Move files while saying that the attempt is alive: a large model takes longer than a silent job is given.

        `work` runs in a thread of its own and must not touch the database.
        """
        with ThreadPoolExecutor(1) as thread:
            moving = thread.submit(work)
            while wait_for([moving], timeout=settings.JOB_HEARTBEAT_SECONDS).not_done:
                self._beat()
            return moving.result()

    def _beat(self) -> bool:
        """Send one heartbeat; return whether it was written down."""
        try:
            self.is_current = services.heartbeat(self.job)
        except DatabaseError as error:
            self._require_outage(error)
            return False
        return True

    def _beat_in_time(self, now: float) -> None:
        if now - self._last_beat >= settings.JOB_HEARTBEAT_SECONDS and self._beat():
            self._last_beat = now

    def _require_outage(self, error: DatabaseError) -> None:
        """Log an outage of the database and get rid of the connection. Raises every other error."""
        if not is_outage(error):
            raise error
        logger.warning("Job %s goes on while the database is unavailable (%s)", self.job.pk, error)
        close_old_connections()

    def _write_spec(self) -> None:
        spec: dict[str, Any] = dict(self.job.spec)
        inputs = dict(spec.get("inputs", {}))
        if (
            self.job.checkpoint_key
            and self.job.job_kind.resumes
            and storage().is_published(self.job.checkpoint_key)
        ):
            inputs["checkpoint"] = self.job.checkpoint_key
        cache = local_copies()
        fetched = self._beating(lambda: {name: storage().fetch(key, cache) for name, key in inputs.items()})
        for path in fetched.values():
            self._held.enter_context(cache.hold(path))
        spec["inputs"] = {name: str(path) for name, path in fetched.items()}
        spec["work"] = str(self.work)
        (self.work / "spec.json").write_text(json.dumps(spec))

    def _hold_hub_copies(self) -> None:
        """They lie among the copies that are bounded together: those of a child at work stay."""
        if "HF_HUB_CACHE" not in self.base:
            return
        folder, copies = Path(self.base["HF_HUB_CACHE"]), local_copies()
        if not copies.use(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._held.enter_context(copies.hold(folder))

    def _follow(self, child: subprocess.Popen[bytes], events_read: int) -> None:
        """Read events until the child closes its pipe, writing them in batches and listening for stop and loss."""
        selector = selectors.DefaultSelector()
        selector.register(events_read, selectors.EVENT_READ)
        buffer, last_flush = b"", time.monotonic()
        while True:
            ready = selector.select(timeout=0.5)
            if ready:
                chunk = os.read(events_read, 1 << 16)
                buffer = self._take_lines(buffer + chunk)
                if not chunk:
                    break
            elif child.poll() is not None:
                # A grandchild may hold the pipe open after the child has gone.
                break
            now = time.monotonic()
            if now - last_flush >= BATCH_SECONDS:
                try:
                    self._flush()
                    self._pass_on_wishes(child, now)
                except DatabaseError as error:
                    self._require_outage(error)
                last_flush = time.monotonic()
            self._beat_in_time(now)
            if not self.is_current or worker_is_ending.is_set() or self._is_overdue(now):
                return
        wait_for_database(self._flush)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=settings.JOB_STOP_GRACE_SECONDS)

    def _is_overdue(self, now: float) -> bool:
        """Whether an import outstays its time by far: inside a library, where it cannot look at the clock itself."""
        seconds = settings.IMPORT_MAX_MINUTES * 60
        if not self.job.job_kind.reads_a_file or now - self._began < seconds + _OVERTIME_SECONDS:
            return False
        self.outcome = Failed(code="too_slow", message=file_too_slow(seconds), field="source")
        return True

    def _take_lines(self, buffer: bytes) -> bytes:
        *lines, rest = buffer.split(b"\n")
        for line in map(self._without_secrets, lines):
            try:
                self._take(parse_event(line))
            except ValidationError:
                text = Text("jobs.not_an_event", line=line[:200].decode(errors="replace"))
                self.pending.append(Log(level="warning", text=text))
        if len(rest) > LONGEST_LINE_BYTES:
            self.pending.append(Log(level="warning", text=Text("jobs.event_dropped")))
            return b""
        return rest

    def _without_secrets(self, said: bytes) -> bytes:
        """A library that prints the token, for instance with an address that failed, must not get it into the log."""
        for secret, shown in (
            (self.base.get("HF_TOKEN", ""), b"[hub token]"),
            (self.source.get(ADDRESS_VARIABLE, ""), b"[address]"),
        ):
            said = said.replace(secret.encode(), shown) if secret else said
        return said

    def _take(self, event: Event) -> None:
        self.has_spoken = True
        if isinstance(event, Finished | Failed):
            self.outcome = event
        elif isinstance(event, Progress):
            self.is_saving = event.phase == SAVING
        elif isinstance(event, Checkpoint):
            self._publish_checkpoint(event)
        self.pending.append(event)

    def _publish_checkpoint(self, event: Checkpoint) -> None:
        folder = Path(event.path)
        if not folder.is_relative_to(self.work) or not folder.is_dir():
            self.pending.append(Log(level="warning", text=Text("jobs.no_checkpoint", path=event.path)))
            return
        key = f"jobs/{self.job.pk}/checkpoint-{self.job.attempt}-{event.step}"
        try:
            self._beating(lambda: storage().publish(folder, key))
        except FileNotFoundError:
            # The child is two checkpoints ahead of us and has removed this one.
            storage().delete(key)
            return
        # A worker that is killed here goes on from this checkpoint, and repeats nothing that was reported before it.
        wait_for_database(self._flush)
        replaced = wait_for_database(lambda: services.record_checkpoint(self.job, key=key, step=event.step))
        if replaced:
            storage().delete(replaced)

    def _flush(self) -> None:
        if self.pending:
            self.is_current = services.record_events(self.job, self.pending) and self.is_current
            self.pending = []
            services.hint_changed(self.job.pk)

    def _pass_on_wishes(self, child: subprocess.Popen[bytes], now: float) -> None:
        # A child that is still starting would die of it, and with it what its checkpoint holds would not be kept.
        if self.stop_sent_at is None and (self.has_spoken or not self.job.checkpoint_key):
            wishes = services.wishes_for(self.job)
            if wishes.stop:
                self.stop_sent_at = now
                signal_group(child, signal.SIGTERM)
            elif wishes.pause and self.pause_sent_at is None and child.poll() is None:
                self.pause_sent_at = now
                child.send_signal(PAUSE_SIGNAL)
        asked_at = self.stop_sent_at or self.pause_sent_at
        # A pause is heard between two steps, which a validation round may hold up. A person can still press Stop.
        takes_long = self.is_saving or self.stop_sent_at is None
        grace = settings.JOB_STOP_GRACE_SECONDS * (_SAVING_TIMES_GRACE if takes_long else 1)
        if asked_at is not None and now - asked_at > grace:
            self.was_killed = True
            signal_group(child, signal.SIGKILL)

    def _conclude(self, code: int | None, stderr_path: Path) -> None:
        if not self.is_current:
            return
        if isinstance(self.outcome, Finished):
            services.finish(self.job, result=self.outcome.result)
        elif isinstance(self.outcome, Failed):
            if self.outcome.note:
                logger.warning("Job %s: %s", self.job.pk, self.outcome.note)
            services.fail(self.job, self.outcome)
        elif self.pause_sent_at is not None and (
            self.was_killed or code in (STOPPED_WITHOUT_RESULT, -PAUSE_SIGNAL)
        ):
            services.release(self.job, is_paused=True)
        elif self.stop_sent_at is not None or code == STOPPED_WITHOUT_RESULT:
            services.end_cancelled(self.job)
        else:
            killed_for_memory = memory.kills(memory.counters()) > self._kills_before
            end_without_a_word(self.job, code, self._last_words(stderr_path), killed_for_memory)

    def _last_words(self, stderr_path: Path) -> str:
        return self._without_secrets(stderr_path.read_bytes()).decode(errors="replace")[-8000:]

    def _publish_output(self) -> None:
        output = self.job.spec.get("output")
        folder = self.work / "out"
        if not output or (self.job.job_kind.shares_output and storage().is_published(output)):
            return
        if any(folder.iterdir()):
            self._beating(lambda: storage().publish(folder, output))
            if not wait_for_database(Job.objects.filter(pk=self.job.pk).exists):
                # Deleted while it was at work, for instance with its workspace: no other code would remove this.
                storage().delete(output)
