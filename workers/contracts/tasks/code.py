"""Code completion."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import INPUT_TARGET, Role
from workers.contracts.tasks import TASKS, Task

CODE = TASKS.add(
    Task(
        name="code",
        label=_("Code completion"),
        help=_("Completes a program from its beginning or its description."),
        required=(INPUT_TARGET,),
        optional=frozenset({Role.CONTEXT, Role.QUALITY}),
        families=(Family.CAUSAL,),
        metrics=("exact_match", "chrf", "bits_per_byte", "perplexity"),
        input_label=_("Code so far"),
        target_label=_("Completion"),
        continues=True,
    ),
    order=6,
)
