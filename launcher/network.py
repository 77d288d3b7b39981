"""Whether an embedded studio answers this computer alone or its local network: chosen on a page, kept in a file.

The page writes the file, the launcher reads it and moves web to the other address (launcher.stack).
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from launcher.environment import DEFAULT_HOST, write_private

SETTLING_SECONDS = 3.0
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104  (chosen by an administrator)


def choose(file: Path, *, is_open: bool) -> None:
    """Note where the studio is to listen from now on."""
    write_private(file, json.dumps({"host": ALL_ADDRESSES if is_open else DEFAULT_HOST}) + "\n")


def is_settled(file: Path) -> bool:
    """Whether the choice was made some seconds ago: the page that answers it has its scripts and styles by then."""
    try:
        return time.time() - file.stat().st_mtime > SETTLING_SECONDS
    except OSError:
        return True


def chosen_host(file: Path) -> str:
    """The address to listen on by the last choice; this computer alone where there was none, or none that is known."""
    try:
        host = json.loads(file.read_text())["host"]
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT_HOST
    return ALL_ADDRESSES if host == ALL_ADDRESSES else DEFAULT_HOST
