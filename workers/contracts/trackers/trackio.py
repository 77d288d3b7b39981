"""Trackio."""

from workers.contracts.trackers import TRACKERS, TrackerInfo

TRACKERS.add(
    TrackerInfo(
        name="trackio",
        label="Trackio",
        variables=("TRACKIO_",),
        implementation="workers.training.trackers.trackio:TrackioTracker",
    ),
    order=30,
)
