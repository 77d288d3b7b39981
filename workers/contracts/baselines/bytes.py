"""Byte frequencies of the training texts, where rows have no input that could be near another one."""

from workers.contracts.baselines import BASELINES, Baseline
from workers.contracts.i18n import gettext_noop as _

BASELINES.add(
    Baseline(
        name="bytes",
        label=_("Byte frequencies"),
        fits=lambda task: task.teaches_texts,
        implementation="workers.evaluation.baselines.similarity:nearest",
    ),
    order=3,
)
