"""What the files of a model name beside themselves. A folder from elsewhere must stand alone.

Configurations may name files: a vocabulary ("vocab": "/etc/passwd"), shards ("../other/model.safetensors"), the model that
an adapter belongs to. A loader would read those files, and an export of the model would then contain them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workers.contracts.texts import Text
from workers.runtime.reporter import JobError

_ADAPTER = "adapter_config.json"
_WORDS_ONLY = ("tokenizer.json", "vocab.json")
"""Large, and read by libraries that open no file for them."""
_LONGEST_PATH = 4096


def require_self_contained(folder: Path) -> None:
    """Raises JobError for an adapter, and where a configuration names a file of this machine outside of the folder."""
    if (folder / _ADAPTER).exists():
        message = Text("models.adapter_alone")
        raise JobError("not_a_whole_model", message, field="base")
    for path in folder.glob("*.json"):
        if path.name not in _WORDS_ONLY and any(_leads_out(text, folder) for text in _texts(_read(path))):
            raise JobError(
                "names_other_files",
                Text("models.names_files_outside", file=path.name),
                field="base",
            )


def _read(path: Path) -> Any:
    """None for what is no JSON: the loader reports it."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, dict):
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def _leads_out(text: str, folder: Path) -> bool:
    """Whether a text, opened as a path, is a file: from where this process is, or through a folder from where the model is.

    Old configurations name files of the machine that they were made on; those are not here, and do no harm.
    """
    if len(text) > _LONGEST_PATH or "\0" in text:
        return False
    try:
        if Path(text).expanduser().is_file():
            return True
        named = os.path.normpath(folder / text)
        return not named.startswith(f"{folder}{os.sep}") and Path(named).is_file()
    except (OSError, RuntimeError):
        return False
