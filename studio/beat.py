"""Celery's beat with its memory in JSON: its own scheduler keeps a shelf, which is pickle."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from celery.beat import Scheduler


class JsonScheduler(Scheduler):
    """Remembers when each task was last sent in the file that `--schedule` names; health checks look at its age."""

    def __init__(self, *args: Any, schedule_filename: str = "beat-schedule", **kwargs: Any) -> None:
        self._file = Path(schedule_filename)
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for name, at in self._remembered().items():
            if name in self.schedule:
                self.schedule[name].last_run_at = datetime.fromisoformat(at)
        self.sync()

    def _remembered(self) -> dict[str, str]:
        """Times by task; nothing when the file is missing, damaged, or of another kind."""
        with suppress(OSError, ValueError):
            found = json.loads(self._file.read_text())
            return {name: at for name, at in found.items() if datetime.fromisoformat(at).tzinfo}
        return {}

    def sync(self) -> None:
        times = {name: entry.last_run_at.isoformat() for name, entry in self.schedule.items()}
        part = self._file.with_name(f"{self._file.name}.part")
        part.write_text(json.dumps(times))
        os.replace(part, self._file)
