"""Chat: answers in a conversation."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import INPUT_TARGET, Role
from workers.contracts.tasks import TASKS, Task

CHAT = TASKS.add(
    Task(
        name="chat",
        label=_("Chat"),
        help=_("Answers questions in a conversation, like a help desk."),
        required=(frozenset({Role.MESSAGES}), INPUT_TARGET),
        optional=frozenset({Role.SYSTEM, Role.HISTORY, Role.REJECTED, Role.FEEDBACK, Role.QUALITY}),
        families=(Family.CAUSAL,),
        metrics=("chrf", "exact_match", "bits_per_byte", "perplexity"),
        input_label=_("Question"),
        target_label=_("Answer"),
    ),
    order=1,
)
