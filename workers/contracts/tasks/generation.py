"""Text generation: a text goes on in the style of the data."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, Task

GENERATION = TASKS.add(
    Task(
        name="generation",
        label=_("Text generation"),
        help=_("Continues a text in the style of the training data."),
        required=(frozenset({Role.TARGET}),),
        optional=frozenset({Role.INPUT, Role.QUALITY}),
        families=(Family.CAUSAL,),
        metrics=("bits_per_byte", "perplexity", "chrf"),
        input_label=_("Beginning"),
        target_label=_("Text"),
        continues=True,
    ),
    order=5,
)
