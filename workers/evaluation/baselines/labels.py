"""Baselines that answer with a label: of a logistic regression, or the most frequent one."""

from collections import Counter

from workers.contracts.metrics import BOOTSTRAP_SEED
from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.evaluation.baselines import Answer, OnProgress, outputs_of
from workers.evaluation.rows import DataRows
from workers.models.linear import classify_linearly

_MOST_LINEAR_ROWS, _FEWEST_LINEAR_ROWS = 50_000, 5_000
_MOST_LABEL_ROWS = 4_000_000
"""Rows times labels that the logistic regression is fitted on: what bounds its seconds."""


def linear(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    """Return the labels of a logistic regression, fitted on a sample of many rows that keeps the shares of the labels."""
    labels = len(set(train.targets))
    most = min(_MOST_LINEAR_ROWS, max(_FEWEST_LINEAR_ROWS, _MOST_LABEL_ROWS // max(1, labels)))
    known = train.sample(most, BOOTSTRAP_SEED, by_target=True)
    outputs = outputs_of(classify_linearly(known.inputs, known.targets, test.inputs, on_progress))
    if len(known) < len(train):
        return outputs, Text("evaluation.baseline_regression_on_drawn", rows=len(known), all_rows=len(train))
    return outputs, Text("evaluation.baseline_regression", rows=len(known))


def majority(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    """Return the label that most training rows have, the first of equals."""
    label, rows = Counter(train.targets).most_common(1)[0]
    how = Text("evaluation.baseline_majority", label=label, rows=rows, all_rows=len(train))
    return outputs_of([label] * len(test)), how
