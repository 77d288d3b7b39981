"""Metrics by name, one file per family: label, direction and what computes them (workers/evaluation/metrics).

A metric outside this package is a module that the environment names: `EXTENSIONS=metrics:my_metrics.rhymes`.
"""

from dataclasses import dataclass
from enum import StrEnum

from workers.contracts.registry import Registry
from workers.contracts.tasks import Task


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


SIGNIFICANCE_LEVEL = 0.05
"""A p-value below this is statistically significant: of comparisons after correction, and in the verdicts of runs."""
BOOTSTRAP_ROUNDS = 2_000
BOOTSTRAP_SEED = 17
"""One bootstrap for the interval of every figure: same resamples, same bounds wherever the figure is shown."""
SCORING_VERSION = 3
"""Rises when sampling, tokenization, baselines or intervals change: figures of two versions are not compared."""


@dataclass(frozen=True)
class MetricInfo:
    """How a metric is named, read and computed.

    `scale` is the value that a perfect output gets (100 for chrF, 1 for accuracy), or None when unbounded.
    """

    name: str
    label: str
    help: str
    direction: Direction
    scale: float | None
    decimals: int
    implementation: str
    """`module:name` of a class or function that takes the writing system of the references and returns a
    `workers.evaluation.metrics.protocol.Metric`. By name, because the site does not load what computes metrics."""
    tasks: frozenset[str] = frozenset()
    """Names of tasks that it is computed for, besides those that list it themselves."""


METRICS: Registry[MetricInfo] = Registry("metrics", "workers.contracts.metrics")


def metrics_of(task: Task) -> tuple[str, ...]:
    """Return the names of a task's metrics, the deciding one first."""
    more = (metric.name for metric in METRICS.values() if task.name in metric.tasks)
    return tuple(dict.fromkeys([*task.metrics, *more]))
