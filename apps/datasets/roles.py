"""What a column can be, and what people call that, for each thing that data can teach."""

from collections import Counter
from itertools import combinations
from typing import Any

from django.utils.translation import gettext as _

from apps.core.joined_names import listed
from workers.contracts.job_kinds.importing import Proposal
from workers.contracts.roles import ROLE_LABELS, Role
from workers.contracts.tasks import TASKS, Task


def role_label(info: Task | None, role: Role) -> str:
    """A role in the words of the task: a translation's input is its source text. Without a task, in general words."""
    if info and role == Role.INPUT:
        return _(info.input_label)
    if info and role == Role.TARGET and not info.has_labels:
        return _(info.target_label)
    if info and role == Role.CONTEXT and info.has_labels:
        return _("Second text")
    return _(ROLE_LABELS[role])


def usable_roles(info: Task) -> list[Role]:
    """Roles that a column can have where data teaches `info`, IGNORE last."""
    return [role for role in Role if role in info.usable] + [Role.IGNORE]


def role_choices(info: Task | None) -> list[tuple[str, str]]:
    """Values and labels for a column's select: every role, so that the page also works without scripts."""
    return [(role.value, role_label(info, role)) for role in Role]


def problem_with(info: Task, roles: dict[str, Role]) -> str:
    """What keeps columns with these roles from teaching the task, in words; empty when nothing does.

    The page's script shows the same sentences (`for_script`), so that page and server give one answer.
    """
    given = set(roles.values())
    twice = [role for role, count in Counter(roles.values()).items() if count > 1]
    if twice:
        return _twice(info, twice[0])
    if Role.MESSAGES in given and given & {Role.INPUT, Role.TARGET}:
        return _(
            "A whole conversation already contains questions and answers. Set the other columns to “Not used”."
        )
    missing = info.missing_roles(roles)
    if not missing:
        return ""
    names = listed(f"“{role_label(info, role)}”" for role in Role if role in missing)
    return _("Choose which column is %(roles)s, above the sample rows.") % {"roles": names}


def _twice(info: Task, role: Role) -> str:
    message = _("Two columns are “%(role)s”. Choose one of them, and set the other to “Not used”.")
    return message % {"role": role_label(info, role)}


def for_script(proposal: Proposal) -> dict[str, Any]:
    """What the page's script needs to follow a change of mind, by task type: the roles, what choosing the task gives each
    column, and for every set of roles that decides what `problem_with` says of it."""
    return {
        info.name: {
            "roles": [[role.value, role_label(info, role)] for role in usable_roles(info)],
            "proposed": {column: role.value for column, role in proposal.by_task.get(info.name, {}).items()},
            "deciding": [role.value for role in _deciding(info)],
            "problems": {
                ",".join(role.value for role in chosen): problem_with(
                    info, {role.value: role for role in chosen}
                )
                for size in range(len(_deciding(info)) + 1)
                for chosen in combinations(_deciding(info), size)
            },
            "twice": {role.value: _twice(info, role) for role in usable_roles(info) if role != Role.IGNORE},
        }
        for info in TASKS.values()
    }


def _deciding(info: Task) -> list[Role]:
    """Roles that decide whether the task is complete."""
    return [role for role in Role if any(role in needed for needed in info.required)]
