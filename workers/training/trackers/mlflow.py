"""MLflow. MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME choose the server and the experiment."""

import os
import time
from collections.abc import Mapping
from typing import Any

from workers.training.trackers import PROJECT, TrackedRun, Tracker

JOB_TAG = "maquette.job"
MOST_CHARACTERS = 500
"""Of a parameter; older servers take no more."""
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}
"""Its own values let a run wait for minutes for a server that is away."""


class MlflowTracker(Tracker):
    def __init__(self, run: TrackedRun) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        self._client, self._metric = MlflowClient(), Metric
        self._sent: Any = None
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        experiment = self._client.get_experiment_by_name(name)
        experiment_id = experiment.experiment_id if experiment else self._client.create_experiment(name)
        earlier = self._client.search_runs([experiment_id], f"tags.`{JOB_TAG}` = '{run.key}'", max_results=1)
        self._id = earlier[0].info.run_id if earlier else self._create(experiment_id, run)
        self.address = (
            f"{self._client.tracking_uri.rstrip('/')}/#/experiments/{experiment_id}/runs/{self._id}"
        )
        if earlier:
            self._client.update_run(self._id, status="RUNNING")
            return
        settings = [Param(key, str(value)[:MOST_CHARACTERS]) for key, value in run.settings.items()]
        self._client.log_batch(self._id, params=settings)

    def _create(self, experiment_id: str, run: TrackedRun) -> str:
        tags = {JOB_TAG: run.key}
        return str(self._client.create_run(experiment_id, run_name=run.name, tags=tags).info.run_id)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        metrics = [self._metric(name, value, now, step) for name, value in values.items()]
        self._sent = self._client.log_batch(self._id, metrics=metrics, synchronous=False)

    def finish(self, *, succeeded: bool) -> None:
        if self._sent is not None:
            self._sent.wait()
        self._client.set_terminated(self._id, "FINISHED" if succeeded else "FAILED")
