"""What a column can be, and what people call that, for each thing that data can teach."""

from typing import Any

from django.utils.translation import gettext as _

from workers.contracts.task_types import ROLE_LABELS, TASKS, Role, TaskInfo, TaskType


def role_label(info: TaskInfo | None, role: Role) -> str:
    """A role in the words of the task: a translation's input is its source text. Without a task, in general words."""
    if info and role == Role.INPUT:
        return _(info.input_label)
    if info and role == Role.TARGET and info.task_type != TaskType.CLASSIFICATION:
        return _(info.target_label)
    return _(ROLE_LABELS[role])


def usable_roles(info: TaskInfo) -> list[Role]:
    """Roles that a column can have where data teaches `info`, IGNORE last."""
    return [role for role in Role if role in info.usable] + [Role.IGNORE]


def role_choices(info: TaskInfo | None) -> list[tuple[str, str]]:
    """Values and labels for a column's select: every role, so that the page also works without scripts."""
    return [(role.value, role_label(info, role)) for role in Role]


def for_script() -> dict[str, Any]:
    """What the page's script needs to follow a change of mind: roles and required sets by task type."""
    return {
        task_type.value: {
            "roles": [[role.value, role_label(info, role)] for role in usable_roles(info)],
            "required": [[role.value for role in Role if role in needed] for needed in info.required],
        }
        for task_type, info in TASKS.items()
    }
