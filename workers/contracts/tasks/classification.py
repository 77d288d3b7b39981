"""Classification: a label for each text."""

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, Task

CLASSIFICATION = TASKS.add(
    Task(
        name="classification",
        label=_("Classification"),
        help=_("Sorts texts into a fixed set of labels."),
        required=(frozenset({Role.INPUT, Role.LABEL}),),
        optional=frozenset({Role.CONTEXT, Role.QUALITY}),
        families=(Family.CLASSIFIER, Family.LINEAR),
        metrics=("macro_f1", "accuracy"),
        input_label=_("Text"),
        target_label=_("Label"),
    ),
    order=7,
)
