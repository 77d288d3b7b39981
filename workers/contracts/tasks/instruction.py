"""Instructions, with or without a text to work on."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import INPUT_TARGET, Role
from workers.contracts.tasks import TASKS, Task

INSTRUCTION = TASKS.add(
    Task(
        name="instruction",
        label=_("Instructions"),
        help=_("Follows an instruction, with or without a text to work on."),
        required=(INPUT_TARGET,),
        optional=frozenset(
            {Role.SYSTEM, Role.CONTEXT, Role.HISTORY, Role.REJECTED, Role.FEEDBACK, Role.QUALITY}
        ),
        families=(Family.CAUSAL, Family.SEQ2SEQ),
        metrics=("chrf", "exact_match", "bits_per_byte", "perplexity"),
        input_label=_("Instruction"),
        target_label=_("Answer"),
    ),
    order=2,
)
