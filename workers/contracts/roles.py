"""What a column of a dataset can mean."""

from enum import StrEnum

from workers.contracts.i18n import gettext_noop as _


class Role(StrEnum):
    """What a column means. `REJECTED` holds a worse answer than the target, `FEEDBACK` says whether the target is a
    good answer, which both are learned from, and `QUALITY` whether the row is a good one, so that bad ones are left out. `SPLIT`
    names each row's split. `IGNORE` keeps the column out of training."""

    MESSAGES = "messages"
    SYSTEM = "system"
    HISTORY = "history"
    INPUT = "input"
    CONTEXT = "context"
    TARGET = "target"
    REJECTED = "rejected"
    LABEL = "label"
    FEEDBACK = "feedback"
    QUALITY = "quality"
    SPLIT = "split"
    IGNORE = "ignore"


ROLE_LABELS: dict[Role, str] = {
    Role.MESSAGES: _("Whole conversation"),
    Role.SYSTEM: _("System prompt"),
    Role.HISTORY: _("Earlier turns"),
    Role.INPUT: _("Input"),
    Role.CONTEXT: _("Text to work on"),
    Role.TARGET: _("Output"),
    Role.REJECTED: _("Rejected answer"),
    Role.LABEL: _("Label"),
    Role.FEEDBACK: _("Good or bad answer"),
    Role.QUALITY: _("Good or bad row"),
    Role.SPLIT: _("Split (train, validation, test)"),
    Role.IGNORE: _("Not used"),
}
"""In general words; a task has its own for some (`input_label`, `target_label`)."""

INPUT_TARGET = frozenset({Role.INPUT, Role.TARGET})
"""The columns of most tasks."""
