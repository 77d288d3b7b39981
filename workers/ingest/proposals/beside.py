"""Columns that stand beside what is learned and change what a row means: system prompts, earlier turns, rejected answers,
marks of bad answers."""

import json

from workers.contracts.roles import Role
from workers.contracts.tasks import Task
from workers.contracts.tasks.chat import CHAT
from workers.contracts.tasks.code import CODE
from workers.contracts.tasks.instruction import INSTRUCTION
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.conversations import read_history
from workers.ingest.mark_words import NO, YES
from workers.ingest.proposals.marked_rows import marking_columns, values_of
from workers.ingest.proposals.table import Table
from workers.ingest.verdicts import folded_mark
from workers.ingest.vocabulary import named, plain

_ABOUT_TALKS = vocabulary.KNOWLEDGE | vocabulary.INSTRUCTION | (vocabulary.CONTEXT - {"input", "输入"})


_ANSWERED_FROM = (vocabulary.READ_TEXT | vocabulary.CONTEXT) - {"text", "story", "reference", "输入", "文本"}
_ANSWERING = (CHAT, INSTRUCTION, CODE)
_MOST_ROWS = 0.8
_RATED = frozenset({"label", "ktotag", "kto", "desirable", "isdesirable"})
"""Names of columns in data for KTO, whose bad answers are learned from, too."""


def with_columns_beside(table: Table, task: Task, roles: dict[str, Role]) -> dict[str, Role]:
    """Return the roles with those of a system prompt, earlier turns, rejected answers and marks of quality, where the task
    takes them."""
    made = dict(roles)
    taken = set(roles.values())
    for role, column in (
        (Role.SYSTEM, system_column(table, made)),
        (Role.HISTORY, history_column(table) if Role.MESSAGES not in taken else None),
        (Role.REJECTED, _rejected_column(table, made)),
        (Role.FEEDBACK, _rated_column(table, task, made)),
        (Role.QUALITY, _marking(table, task, made)),
    ):
        if column and column not in made and role not in taken and role in task.optional:
            made[column] = role
    return made


def _marking(table: Table, task: Task, roles: dict[str, Role]) -> str | None:
    """The first column without a role that calls some rows bad."""
    return next((column.name for column, _ in marking_columns(table, task) if column.name not in roles), None)


def _rejected_column(table: Table, roles: dict[str, Role]) -> str | None:
    """A column of worse answers that most rows with a better one have: a row without one could not be kept."""
    chosen = next((name for name, role in roles.items() if role in (Role.TARGET, Role.MESSAGES)), None)
    if chosen is None:
        return None
    return next(
        (
            column.name
            for column in table.columns
            if named(column.name, vocabulary.REJECTED)
            and column.name not in roles
            and column.filled >= _MOST_ROWS * table.column(chosen).filled
            and not table.is_label_like(column)
        ),
        None,
    )


def _rated_column(table: Table, task: Task, roles: dict[str, Role]) -> str | None:
    """A column that rates answers as data for KTO does: plainly named, filled in every row, with yes and no."""
    if Role.FEEDBACK not in task.optional or not {Role.TARGET, Role.MESSAGES} & set(roles.values()):
        return None
    return next(
        (
            column.name
            for column, _ in marking_columns(table, task)
            if plain(column.name) in _RATED and column.name not in roles and column.filled == table.rows
            and {folded_mark(value) for value in values_of(table, column)} <= YES | NO
        ),
        None,
    )  # fmt: skip


def system_column(table: Table, roles: dict[str, Role]) -> str | None:
    """A column of system prompts; beside whole conversations also one of what they are about, unless they repeat it."""
    for column in table.columns:
        if named(column.name, vocabulary.SYSTEM) and column.filled and column.name not in roles:
            return column.name
    talks = next((name for name, role in roles.items() if role is Role.MESSAGES), None)
    for column in table.columns if talks else ():
        is_about = named(column.name, _ABOUT_TALKS) and column.name not in roles and column.filled
        is_about = is_about and (table.is_nested(column.name) or not table.is_machine_made(column.name))
        is_about = is_about and (
            not named(column.name, vocabulary.KNOWLEDGE) or table.is_passage(column.name)
        )
        if is_about and not column.is_messages and not _repeats(table, column.name, str(talks)):
            return column.name
    return None


def _repeats(table: Table, name: str, talks: str) -> bool:
    """Whether the conversations hold what a column says, as files do that keep a prompt twice."""
    rows = [row for row in table.sample if name in row and talks in row][:100]
    same = sum(json.dumps(row[name].strip(), ensure_ascii=False)[1:-1] in row[talks] for row in rows)
    return same * 2 > len(rows)


def history_column(table: Table) -> str | None:
    """A column of earlier turns that some rows have."""
    for column in table.columns:
        if named(column.name, vocabulary.HISTORY) and column.filled:
            histories = [read_history(value) for value in table.values(column.name, 50)]
            if any(histories) and sum(history is None for history in histories) * 5 < len(histories):
                return column.name
    return None


def unread_beside(table: Table, task: Task, roles: dict[str, Role]) -> list[Text]:
    """Say which system prompts, earlier turns and texts to answer from are not read."""
    talks = next((name for name, role in roles.items() if role is Role.MESSAGES), None)
    unused = [column.name for column in table.columns if column.filled and column.name not in roles]
    found = []
    for name in unused if not task.has_labels else ():
        is_repeated = talks is not None and _repeats(table, name, talks)
        if named(name, vocabulary.SYSTEM) and Role.SYSTEM not in task.optional:
            found.append(Text("proposal.system_prompt_not_read", name=name))
        elif task not in _ANSWERING or is_repeated:
            continue
        elif named(name, vocabulary.HISTORY) and not talks:
            found.append(Text("proposal.history_without_speakers", name=name))
        elif named(name, _ANSWERED_FROM) and _is_passage(table, name):
            found.append(Text("proposal.context_not_read", name=name))
    return found


def _is_passage(table: Table, name: str) -> bool:
    return table.is_nested(name) or table.is_written(table.column(name))
