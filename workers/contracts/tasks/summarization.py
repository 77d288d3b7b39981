"""Summarization: a short text from a long one."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import INPUT_TARGET, Role
from workers.contracts.tasks import TASKS, Task

SUMMARIZATION = TASKS.add(
    Task(
        name="summarization",
        label=_("Summarization"),
        help=_("Turns a long text into a short one."),
        required=(INPUT_TARGET,),
        optional=frozenset({Role.QUALITY}),
        families=(Family.CAUSAL, Family.SEQ2SEQ),
        metrics=("rouge_l", "rouge_1", "rouge_2", "bits_per_byte", "perplexity"),
        input_label=_("Text"),
        target_label=_("Summary"),
    ),
    order=3,
)
