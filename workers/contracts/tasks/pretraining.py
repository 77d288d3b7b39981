"""Pretraining: documents without answers, whose models are bases for other tasks."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, Task

PRETRAINING = TASKS.add(
    Task(
        name="pretraining",
        label=_("Pretraining"),
        help=_("Learns a language from whole documents, as a base model for other tasks."),
        required=(frozenset({Role.TARGET}),),
        optional=frozenset({Role.QUALITY}),
        families=(Family.CAUSAL, Family.ENCODER, Family.SEQ2SEQ),
        metrics=("bits_per_byte", "masked_accuracy", "masked_perplexity", "perplexity"),
        input_label=_("Beginning"),
        target_label=_("Document"),
        continues=True,
        is_corpus=True,
    ),
    order=8,
)
