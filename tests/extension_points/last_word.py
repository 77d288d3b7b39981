"""A baseline for any task that has an input: its last word."""

from workers.contracts.baselines import BASELINES, Baseline
from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.evaluation.baselines import Answer, OnProgress, outputs_of
from workers.evaluation.rows import DataRows


def last_word(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    return outputs_of([text.split()[-1] for text in test.inputs]), Text.plain("the last word")


BASELINES.add(
    Baseline(
        name="last_word",
        label="Last word",
        fits=lambda task: not task.teaches_texts,
        implementation="tests.extension_points.last_word:last_word",
    )
)
