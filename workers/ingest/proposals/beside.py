"""Columns that stand beside what is learned and change what a row means: system prompts, earlier turns, marks of bad
answers."""

from workers.contracts.task_types import TASKS, Role, TaskType
from workers.ingest import vocabulary
from workers.ingest.conversations import parse_history
from workers.ingest.proposals.marked_rows import marking_columns
from workers.ingest.proposals.table import Table
from workers.ingest.vocabulary import named


def with_columns_beside(table: Table, task: TaskType, roles: dict[str, Role]) -> dict[str, Role]:
    """Return the roles with those of a system prompt, earlier turns and marks of quality, where the task takes them."""
    made = dict(roles)
    taken = set(roles.values())
    for role, column in (
        (Role.SYSTEM, system_column(table)),
        (Role.HISTORY, history_column(table) if Role.MESSAGES not in taken else None),
        (Role.QUALITY, _marking(table, task, made)),
    ):
        if column and column not in made and role not in taken and role in TASKS[task].optional:
            made[column] = role
    return made


def _marking(table: Table, task: TaskType, roles: dict[str, Role]) -> str | None:
    """The first column without a role that calls some rows bad."""
    return next((column.name for column, _ in marking_columns(table, task) if column.name not in roles), None)


def system_column(table: Table) -> str | None:
    return table.first(vocabulary.SYSTEM)


def history_column(table: Table) -> str | None:
    """A column of earlier turns that some rows have."""
    for column in table.columns:
        if named(column.name, vocabulary.HISTORY) and column.filled:
            histories = [parse_history(value) for value in table.values(column.name, 50)]
            if any(histories) and sum(history is None for history in histories) * 5 < len(histories):
                return column.name
    return None
