"""What each column would be for a task that a person chooses: the proposal's roles where it is the proposed task, else
the best guess."""

from workers.contracts.job_kinds.importing import Column
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, Task
from workers.contracts.tasks.chat import CHAT
from workers.contracts.tasks.code import CODE
from workers.contracts.tasks.instruction import INSTRUCTION
from workers.contracts.tasks.summarization import SUMMARIZATION
from workers.contracts.tasks.translation import TRANSLATION
from workers.ingest import vocabulary
from workers.ingest.proposals import by_name
from workers.ingest.proposals.beside import with_columns_beside
from workers.ingest.proposals.by_label import label_columns
from workers.ingest.proposals.conversations import chat
from workers.ingest.proposals.second_text import text_pair, with_second_text
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import named

_ASKED = (vocabulary.INSTRUCTION, vocabulary.QUESTION, vocabulary.INPUT)
_NAMES: dict[Task, tuple[tuple[frozenset[str], ...], tuple[frozenset[str], ...]]] = {
    CHAT: ((vocabulary.QUESTION, vocabulary.INSTRUCTION, vocabulary.INPUT), (vocabulary.ANSWER, vocabulary.TRANSLATION)),
    INSTRUCTION: (_ASKED, (vocabulary.ANSWER, vocabulary.TRANSLATION)),
    SUMMARIZATION: ((vocabulary.LONG_TEXT, vocabulary.TEXT), (vocabulary.SUMMARY, vocabulary.ANSWER)),
    TRANSLATION: ((vocabulary.SOURCE, vocabulary.INPUT), (vocabulary.TRANSLATION, vocabulary.ANSWER)),
    CODE: ((vocabulary.CODE_PROMPT, vocabulary.QUESTION), (vocabulary.CODE, vocabulary.ANSWER)),
}  # fmt: skip
_OTHER_NAMES = (_ASKED, (vocabulary.ANSWER,))


def roles_by_task(table: Table, found: Found | None) -> dict[Task, dict[str, Role]]:
    """Return roles by column for every task that the columns have enough for."""
    made: dict[Task, dict[str, Role]] = {}
    for task in TASKS.values():
        roles = found.roles if found and found.task is task else _guess(table, task)
        if roles and not task.missing_roles(roles):
            made[task] = with_columns_beside(table, task, roles)
    return made


def _guess(table: Table, task: Task) -> dict[str, Role]:
    if task.has_labels:
        return _labelled(table)
    if task.teaches_texts:
        longest = sorted(
            table.texts or _plain_columns(table), key=lambda name: -table.column(name).mean_length
        )
        text = table.first(vocabulary.TEXT & vocabulary.LONG_TEXT) or next(iter(longest), None)
        return {text: Role.TARGET} if text else {}
    if task is CHAT and (talks := chat(table)) and talks.roles:
        return talks.roles
    if task is TRANSLATION and (pair := by_name.translation(table)):
        return pair.roles
    asked, answered = _named_pair(table, task)
    rest = [name for name in _in_order(table, task) if name not in (asked, answered)]
    asked = asked or (rest.pop(0) if rest else None)
    answered = answered or (rest.pop(0) if rest else None)
    if not asked or not answered:
        return {}
    return {asked: Role.INPUT, answered: Role.TARGET}


def _named_pair(table: Table, task: Task) -> tuple[str | None, str | None]:
    asking, answering = _NAMES.get(task, _OTHER_NAMES)
    answered = table.first(*answering)
    asked = table.first(*asking, but=[answered])
    return asked, answered


def _in_order(table: Table, task: Task) -> list[str]:
    """Columns that may hold a text, written texts first; for a summary the longest first."""
    texts = table.texts
    names = [*texts, *(name for name in _plain_columns(table) if name not in texts)]
    if len(texts) < 2:
        names = _plain_columns(table)
    if task is SUMMARIZATION:
        return sorted(names, key=lambda name: -table.column(name).mean_length)
    return names


def _plain_columns(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if table.is_usable(column)
        and not named(column.name, vocabulary.METADATA)
        and not table.is_machine_made(column.name)
    ]


def _labelled(table: Table) -> dict[str, Role]:
    label = _label(table)
    texts = [name for name in table.texts or _plain_columns(table) if name != label]
    if not label or not texts:
        return {}
    if pair := text_pair(texts):
        return {pair[0]: Role.INPUT, pair[1]: Role.CONTEXT, label: Role.LABEL}
    others = [column.name for column in table.columns if column.name not in texts]
    text = table.first(vocabulary.TEXT - vocabulary.HEADING, vocabulary.TEXT, but=others) or texts[0]
    first, *second = with_second_text(table, text, label) or (text,)
    return {first: Role.INPUT, **dict.fromkeys(second, Role.CONTEXT), label: Role.LABEL}


def _label(table: Table) -> str | None:
    """The column that is named like a label, else the one whose few values repeat."""
    named_so = [c for c in table.columns if named(c.name, vocabulary.LABEL) and table.is_usable_label(c)]
    likely: list[Column] = (
        [c for c in label_columns(table) if c in named_so] or named_so or label_columns(table)
    )
    return min(likely, key=lambda column: column.distinct).name if likely else None
