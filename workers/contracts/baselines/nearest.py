"""The answer of the most similar training row."""

from workers.contracts.baselines import BASELINES, Baseline
from workers.contracts.i18n import gettext_noop as _

BASELINES.add(
    Baseline(
        name="nearest",
        label=_("Nearest training row"),
        fits=lambda task: not task.teaches_texts,
        implementation="workers.evaluation.baselines.similarity:nearest",
    ),
    order=4,
)
