"""What computes the metrics that workers/contracts/metrics.py declares; one file per family."""

from collections.abc import Callable, Sequence

from workers.contracts.tasks import TASKS, TaskName
from workers.evaluation.metrics.bleu import Bleu
from workers.evaluation.metrics.chrf import Chrf
from workers.evaluation.metrics.exact_match import ExactMatch
from workers.evaluation.metrics.labels import Accuracy, MacroF1
from workers.evaluation.metrics.likelihood import BitsPerByte, Perplexity
from workers.evaluation.metrics.protocol import Metric, composed
from workers.evaluation.metrics.rouge import Rouge
from workers.evaluation.writing import Writing, writing_of

METRIC_TYPES: dict[str, Callable[[Writing], Metric]] = {
    "chrf": lambda writing: Chrf(),
    "bleu": Bleu,
    "rouge_1": lambda writing: Rouge("1", writing),
    "rouge_2": lambda writing: Rouge("2", writing),
    "rouge_l": lambda writing: Rouge("l", writing),
    "exact_match": lambda writing: ExactMatch(),
    "accuracy": lambda writing: Accuracy(),
    "macro_f1": lambda writing: MacroF1(),
    "bits_per_byte": lambda writing: BitsPerByte(),
    "perplexity": lambda writing: Perplexity(),
}


def metrics_for(task_type: TaskName, targets: Sequence[str]) -> list[Metric]:
    """Return the metrics of a task, the deciding one first, with tokenizers that fit the language of `targets`."""
    writing = writing_of(composed(targets))
    return [METRIC_TYPES[name](writing) for name in TASKS[task_type].metrics]
