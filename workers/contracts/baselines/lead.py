"""The beginning of a text for its summary, which is hard to beat where texts begin with what matters, as news do."""

from workers.contracts.baselines import BASELINES, Baseline
from workers.contracts.i18n import gettext_noop as _

BASELINES.add(
    Baseline(
        name="lead",
        label=_("First three sentences"),
        fits=lambda task: task.name == "summarization",
        implementation="workers.evaluation.baselines.texts:lead",
    ),
    order=2,
)
