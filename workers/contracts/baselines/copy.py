"""The text itself for its translation: names, figures and related languages alone make a score."""

from workers.contracts.baselines import BASELINES, Baseline
from workers.contracts.i18n import gettext_noop as _

BASELINES.add(
    Baseline(
        name="copy",
        label=_("Input unchanged"),
        fits=lambda task: task.name == "translation",
        implementation="workers.evaluation.baselines.texts:copy",
    ),
    order=5,
)
