"""MLflow."""

from workers.contracts.trackers import TRACKERS, TrackerInfo

TRACKERS.add(
    TrackerInfo(
        name="mlflow",
        label="MLflow",
        variables=("MLFLOW_",),
        implementation="workers.training.trackers.mlflow:MlflowTracker",
    ),
    order=20,
)
