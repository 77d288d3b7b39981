"""Trackio. TRACKIO_SERVER_URL with TRACKIO_WRITE_TOKEN, or TRACKIO_DIR, choose where the figures go."""

import os
from collections.abc import Mapping

from workers.training.trackers import PROJECT, TrackedRun, Tracker


class TrackioTracker(Tracker):
    def __init__(self, run: TrackedRun) -> None:
        import trackio

        self.address = os.environ.get("TRACKIO_SERVER_URL", "")
        self._run = trackio.init(
            project=os.environ.get("TRACKIO_PROJECT", PROJECT),
            # Trackio knows a run by its name alone.
            name=f"{run.name} {run.key[:8]}",
            config=dict(run.settings),
            resume="allow",
            embed=False,
            # Of a Space, which is public otherwise.
            private=True,
            auto_log_cpu=False,
            auto_log_gpu=False,
        )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def finish(self, *, succeeded: bool) -> None:
        self._run.finish()
