"""Rules for tables whose answer has a clear name, though it is written as JSON, or though nothing is named a question."""

from workers.contracts.task_types import Role, TaskType
from workers.ingest import vocabulary
from workers.ingest.literals import nested_value
from workers.ingest.proposals.by_name import has_choices
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import named

_WRAPPED = frozenset(
    {"text", "value", "answer", "answers", "content", "response", "message", "label", "choices", "role"}
)
"""Keys of an object that holds an answer, and is not itself one."""


def structured_answer(table: Table) -> Found | None:
    """A question whose answer is JSON, as where calls or records are to be written."""
    asked = table.first(vocabulary.INSTRUCTION, vocabulary.QUESTION, vocabulary.INPUT)
    if not asked or has_choices(table):
        return None
    answer = next(
        (
            column.name
            for column in table.columns
            if named(column.name, vocabulary.ANSWER) and column.filled > 0.2 * table.rows
            and not column.is_messages and _is_structured(table, column.name)
        ),
        None,
    )  # fmt: skip
    if answer is None:
        return None
    why = [f"“{answer}” holds JSON, which is learned as it is written."]
    roles = {asked: Role.INPUT, answer: Role.TARGET}
    is_instruction = named(asked, vocabulary.INSTRUCTION)
    words = vocabulary.CONTEXT if is_instruction else vocabulary.READ_TEXT
    if context := table.first(words, but=[asked, answer]):
        why.append(f"“{context}” is the text that the instruction works on.")
        return Found(TaskType.INSTRUCTION, {**roles, context: Role.CONTEXT}, why)
    return Found(TaskType.INSTRUCTION if is_instruction else TaskType.CHAT, roles, why)


def _is_structured(table: Table, name: str) -> bool:
    values = [value for text in table.values(name, 100) if (value := nested_value(text)) is not None]
    return (
        table.is_nested(name)
        and bool(values)
        and not any(isinstance(value, dict) and value.keys() & _WRAPPED for value in values)
        and not any(
            isinstance(value, list)
            and any(isinstance(item, dict) and item.keys() & _WRAPPED for item in value)
            for value in values
        )
    )


def answered_text(table: Table) -> Found | None:
    """A text and an answer to it, where no column is named a question: “article” and “answer”."""
    answer = table.first(vocabulary.ANSWER - vocabulary.VAGUE_ANSWER)
    text = table.first(vocabulary.READ_TEXT, vocabulary.LONG_TEXT, but=[answer])
    if not answer or not text or answer not in table.texts or text not in table.texts or has_choices(table):
        return None
    why = f"“{text}” and “{answer}” are named like an input and its output."
    return Found(TaskType.INSTRUCTION, {text: Role.INPUT, answer: Role.TARGET}, [why])
