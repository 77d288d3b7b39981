"""Simple baselines, one file each: what a user could make in ten lines, and a trained model has to beat.

A baseline outside this package is a module that the environment names: `EXTENSIONS=baselines:my_baselines.longest`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workers.contracts.registry import Registry
from workers.contracts.tasks import Task


@dataclass(frozen=True)
class Baseline:
    """How one baseline is named, and which tasks it can answer."""

    name: str
    label: str
    fits: Callable[[Task], bool]
    implementation: str
    """`module:name` of a function `(task, train, test, on_progress)` that makes an answer for each row of `test` from `train`
    alone and returns them with how it did so in words (`workers.evaluation.baselines.Answer`). By name, because the site
    does not load what it needs."""


BASELINES: Registry[Baseline] = Registry("baselines", "workers.contracts.baselines")


def baselines_of(task: Task) -> list[Baseline]:
    """Return the baselines of a task, the strongest usual one first."""
    return [baseline for baseline in BASELINES.values() if baseline.fits(task)]
