"""Weights & Biases. WANDB_API_KEY, WANDB_PROJECT, WANDB_BASE_URL and others choose the server and the project."""

import os
from collections.abc import Mapping

from workers.training.trackers import PROJECT, TrackedRun, Tracker

CONNECT_SECONDS = 30


class WandbTracker(Tracker):
    def __init__(self, run: TrackedRun) -> None:
        import wandb

        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            id=run.key,
            name=run.name,
            config=dict(run.settings),
            # The work folder is gone after the run, which matters with WANDB_MODE=offline alone.
            dir=os.environ.get("WANDB_DIR") or str(run.work),
            resume="allow",
            # The figures of the run alone: neither its output nor anything about the machine.
            settings=wandb.Settings(
                console="off",
                init_timeout=CONNECT_SECONDS,
                disable_git=True,
                save_code=False,
                x_disable_meta=True,
                x_disable_stats=True,
                x_disable_machine_info=True,
            ),
        )
        self.address = self._run.url or ""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def finish(self, *, succeeded: bool) -> None:
        self._run.finish(exit_code=0 if succeeded else 1)
