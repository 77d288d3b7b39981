"""Experiment trackers by name, one file each: the services that can get the figures of runs.

The setting RUN_TRACKERS names those that do. The library of a tracker is no dependency of the studio: who names a tracker
installs its library where the workers run.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from workers.contracts.registry import Registry

TRACKERS_VARIABLE = "RUN_TRACKERS"


@dataclass(frozen=True)
class TrackerInfo:
    """What the site and the workers need to know of a tracker."""

    name: str
    label: str
    variables: tuple[str, ...]
    """How the names of the environment variables begin that its library reads."""
    implementation: str
    """The class with its calls, a subclass of workers.training.trackers.Tracker, as `module:name`."""


TRACKERS: Registry[TrackerInfo] = Registry("trackers", "workers.contracts.trackers")


def named_trackers(names: Iterable[str]) -> list[TrackerInfo]:
    """Return the trackers of these names. Raises UnknownKind."""
    return [TRACKERS[name.strip()] for name in names if name.strip()]


def tracker_variables(names: Iterable[str]) -> dict[str, str]:
    """Return the part of the environment that the named trackers read, and their names."""
    found = named_trackers(names)
    prefixes = tuple(prefix for tracker in found for prefix in tracker.variables)
    read = {name: value for name, value in os.environ.items() if prefixes and name.startswith(prefixes)}
    return {**read, TRACKERS_VARIABLE: ",".join(tracker.name for tracker in found)} if found else {}
