"""One launcher to a data folder. The guards hold the same lock, so that it is free only once nothing is left."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import psutil

from launcher.environment import ROOT, LauncherError, write_private

NAME, NOTE = "launcher.lock", "launcher.json"
LEFTOVERS_SECONDS = 12.0


def lock_data_dir(data_dir: Path) -> int:
    """Lock the folder; return the descriptor that holds the lock.

    What is left of a launcher that was killed ends within seconds, which is waited for. Raises LauncherError when
    another launcher lives.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_dir / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LEFTOVERS_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            note = read_note(data_dir)
            if is_alive(int(note.get("pid") or 0)) or time.monotonic() > deadline:
                os.close(descriptor)
                where = f" at {note['address']}" if note.get("address") else ""
                raise LauncherError(
                    f"Maquette is already running on {data_dir}{where} (process {note.get('pid', 'unknown')}).\n"
                    "End that one first, or choose another folder with DATA_DIR=…"
                ) from None
            time.sleep(0.2)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that was killed and waits for its parent does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def write_note(data_dir: Path, **facts: Any) -> None:
    """Leave word of the launcher that holds the lock; only its owner may read it."""
    write_private(data_dir / NOTE, json.dumps(facts, indent=2) + "\n")


def read_note(data_dir: Path) -> dict[str, Any]:
    try:
        note = json.loads((data_dir / NOTE).read_text())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def remove_note(data_dir: Path) -> None:
    (data_dir / NOTE).unlink(missing_ok=True)


def join_studio(environment: MutableMapping[str, str]) -> None:
    """Fill in what a command must know of the embedded studio of DATA_DIR: its key, and where its parts are while it
    runs. What is set stays, also as a file."""
    data_dir = Path(environment.get("DATA_DIR") or ROOT / "data")
    note, key = read_note(data_dir), data_dir / "secret_key"
    known = dict(note.get("environment", {})) if is_alive(int(note.get("pid") or 0)) else {}
    if key.is_file():
        known["SECRET_KEY"] = key.read_text().strip()
    for name, value in known.items():
        if name not in environment and f"{name}_FILE" not in environment:
            environment[name] = value
