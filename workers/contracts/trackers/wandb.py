"""Weights & Biases."""

from workers.contracts.trackers import TRACKERS, TrackerInfo

TRACKERS.add(
    TrackerInfo(
        name="wandb",
        label="Weights & Biases",
        variables=("WANDB_",),
        implementation="workers.training.trackers.wandb:WandbTracker",
    ),
    order=10,
)
