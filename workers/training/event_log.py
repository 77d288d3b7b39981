"""The TensorBoard event file in the work folder of a run, for runs that are started from a shell."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from workers.shared.event_files import first_record, restart_record, scalars_record


class FigureSink(Protocol):
    """Gets the figures of a run, step by step, in addition to the studio."""

    def log(self, step: int, values: Mapping[str, float]) -> None: ...


class EventLog:
    """Appends figures to a file of its own in `folder`, which is created with the first of them.

    A run that goes on from a checkpoint replaces the figures that older files of the folder have from `first_step` on.
    """

    def __init__(self, folder: Path, *, first_step: int = 0) -> None:
        self._folder, self._first_step = folder, first_step
        self._path: Path | None = None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write the figures of one step to disk."""
        now = time.time()
        records = scalars_record(now, step, values)
        if self._path is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            # TensorBoard reads the files of a folder in the order of their names.
            self._path = self._folder / f"events.out.tfevents.{time.time_ns()}.{os.getpid()}"
            if self._first_step:
                records = restart_record(now, self._first_step) + records
            records = first_record(now) + records
        with self._path.open("ab") as file:
            file.write(records)
