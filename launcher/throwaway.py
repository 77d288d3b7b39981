"""A studio in a temporary folder, for the tour, benchmarks and tests: the real launcher with the real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from launcher.environment import ROOT, free_port
from launcher.guard import die_with_parent
from launcher.lock import read_note

START_SECONDS = 240.0
# What would tie the new studio to the one that it is started from.
OWN_VARIABLES = (
    *(
        "DATA_DIR",
        "REDIS_URL",
        "ENGINE_URL",
        "ENGINE_KEY",
        "STORAGE_URL",
        "CACHE_DIR",
        "WORK_DIR",
        "SITE_URL",
    ),
    *(
        "DJANGO_SETTINGS_MODULE",
        "SECRET_KEY",
        "SETUP_TOKEN",
        "ALLOWED_HOSTS",
        "HOST",
        "PORT",
        "DATABASE_URL",
        "DEBUG",
        "EMAIL_URL",
    ),
)


@dataclass
class Studio:
    """A running studio. `environment` is that of its launcher."""

    data_dir: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]
    log: Path

    @property
    def note(self) -> dict[str, Any]:
        return read_note(self.data_dir)

    @property
    def url(self) -> str:
        """Address without a trailing slash."""
        return str(self.note["address"])

    @property
    def setup_token(self) -> str:
        return (self.data_dir / "setup_token").read_text().strip()

    def full_environment(self) -> dict[str, str]:
        """What the studio's own processes are told, for a command beside them."""
        secret = (self.data_dir / "secret_key").read_text().strip()
        return {**self.environment, **self.note.get("environment", {}), "SECRET_KEY": secret}

    def manage(self, *arguments: str, timeout: float = 120) -> str:
        """Run a management command on this studio; return what it printed. Raises subprocess.CalledProcessError."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.full_environment(),
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            timeout=timeout,
        ).stdout

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to this studio, found by its data folder."""
        return processes_of(self.data_dir)

    def process_of(self, *words: str) -> psutil.Process:
        """The process whose command line has all `words`, its guard aside. Raises LookupError when there is none."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                line = process.cmdline()
                if "launcher.guard" not in line and all(any(word in part for part in line) for word in words):
                    return process
        raise LookupError(f"No process of {self.data_dir} runs {' '.join(words)}")

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Raises RuntimeError with the end of its log when the studio ends or takes too long."""
        deadline = time.monotonic() + seconds
        while "address" not in self.note:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The studio did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def stop(self, seconds: float = 30) -> int:
        """End it as Ctrl-C does; return the launcher's exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Processes whose environment names this data folder, or that work in it (Redis writes over its environment), and
    what they started (a job's child is told no more than it needs)."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            works_here = Path(process.cwd()).is_relative_to(data_dir)
            if works_here or process.environ().get("DATA_DIR") == str(data_dir):
                found.update({each.pid: each for each in (process, *process.children(recursive=True))})
    return list(found.values())


def start_studio(
    data_dir: Path, variables: Mapping[str, str] | None = None, *, port: int | None = None
) -> Studio:
    """Start a studio on a data folder without waiting for it; `variables` go to its environment."""
    environment = {
        name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in OWN_VARIABLES
    }
    environment.update(variables or {}, DATA_DIR=str(data_dir))
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "launcher.log"
    command = [
        sys.executable,
        "-m",
        "launcher",
        "--data-dir",
        str(data_dir),
        "--port",
        str(port or free_port()),
    ]
    with log.open("a") as stream:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            text=True,
            # A test run that is killed leaves no studio behind.
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
    return Studio(data_dir, environment, process, log)


@contextlib.contextmanager
def throwaway_studio(variables: Mapping[str, str] | None = None) -> Iterator[Studio]:
    """A ready studio in a temporary folder; ended and removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="maquette-", ignore_cleanup_errors=True) as folder:
        studio = start_studio(Path(folder).resolve(), variables)
        try:
            studio.wait_until_ready()
            yield studio
        finally:
            studio.stop()
