"""What computes the metrics that workers/contracts/metrics declares; one file per family."""

from collections.abc import Iterable
from pkgutil import resolve_name

from workers.contracts.metrics import METRICS, metrics_of
from workers.contracts.tasks import TASKS, TaskName
from workers.evaluation.metrics.protocol import Metric, composed
from workers.models.writing import Writing, writing_of


def create_metric(name: str, writing: Writing) -> Metric:
    """Return what computes a metric for texts in this writing system. Raises UnknownKind."""
    metric: Metric = resolve_name(METRICS[name].implementation)(writing)
    return metric


def metrics_for(task_type: TaskName, targets: Iterable[str]) -> list[Metric]:
    """Return the metrics of a task, the deciding one first, with tokenizers that fit the language of `targets`."""
    writing = writing_of(composed(targets))
    return [create_metric(name, writing) for name in metrics_of(TASKS[task_type])]
