"""Where the lines of all processes go: one screen, each with its name before it, and one file for each process."""

from __future__ import annotations

import logging
import os
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95)
LOG_BYTES, LOG_FILES = 5 << 20, 3
NAME_WIDTH = 14
ROUTINE = ("INFO ", "DEBUG ")
SCREEN_ALONE = "\x02"
"""Begins a line that is for the screen alone: no file keeps it."""


class _LogFile(RotatingFileHandler):
    """A line that finds no room on the disk is on the screen all the same, without an error for each line."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True)

    def handleError(self, record: logging.LogRecord) -> None:
        pass


class Console:
    """Thread-safe. Colours only on a terminal, and never with NO_COLOR."""

    def __init__(self, log_dir: Path, stream: IO[str] | None = None, *, verbose: bool = False) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self.log_dir = log_dir
        self._stream = stream or sys.stdout
        self._coloured = self._stream.isatty() and not os.environ.get("NO_COLOR")
        self._verbose = verbose
        self._lock = threading.Lock()
        self._files: dict[str, logging.Logger] = {}

    def _file(self, name: str) -> logging.Logger:
        if name not in self._files:
            handler = _LogFile(self.log_dir / f"{name}.log")
            handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
            logger = logging.Logger(name)
            logger.addHandler(handler)
            self._files[name] = logger
        return self._files[name]

    def line(self, name: str, text: str, is_routine: bool = False) -> None:
        """Write one line of process `name` to its file, and to the screen unless it is mere information."""
        with self._lock:
            file = self._file(name)
            if text.startswith(SCREEN_ALONE):
                text = text.removeprefix(SCREEN_ALONE)
            else:
                file.info("%s", text)
            if not text or ((is_routine or text.startswith(ROUTINE)) and not self._verbose):
                return
            colour = COLOURS[list(self._files).index(name) % len(COLOURS)]
            prefix = f"{name:<{NAME_WIDTH}} |"
            self._print(f"\033[{colour}m{prefix}\033[0m {text}" if self._coloured else f"{prefix} {text}")

    def announce(self, text: str) -> None:
        """Write what the person who started the studio is waiting for."""
        with self._lock:
            self._print(f"\n  \033[1m{text}\033[0m\n" if self._coloured else f"\n  {text}\n")

    def _print(self, text: str) -> None:
        try:
            print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            self._stream = open(os.devnull, "w")  # noqa: SIM115  (the terminal has gone; the files remain)

    def last_lines(self, name: str, count: int = 15) -> str:
        """The end of a process's log."""
        path = self.log_dir / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:]) if path.exists() else ""
