"""Translation from one language into another."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import INPUT_TARGET, Role
from workers.contracts.tasks import TASKS, Task

TRANSLATION = TASKS.add(
    Task(
        name="translation",
        label=_("Translation"),
        help=_("Turns a text in one language into another."),
        required=(INPUT_TARGET,),
        optional=frozenset({Role.QUALITY}),
        families=(Family.SEQ2SEQ, Family.CAUSAL),
        metrics=("chrf", "chrf_plus_plus", "bleu", "bits_per_byte", "perplexity"),
        input_label=_("Source text"),
        target_label=_("Translation"),
    ),
    order=4,
)
