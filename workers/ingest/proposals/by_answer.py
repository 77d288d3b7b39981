"""Rules for tables whose answer has a clear name, though it is written as JSON, or though nothing is named a question."""

from workers.contracts.roles import Role
from workers.contracts.tasks.chat import CHAT
from workers.contracts.tasks.instruction import INSTRUCTION
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.literals import nested_value
from workers.ingest.proposals.by_name import has_choices
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import named

_WRAPPED = frozenset(
    {"text", "value", "answer", "answers", "content", "response", "message", "label", "choices", "role"}
)
"""Keys of an object that holds an answer, and is not itself one."""


def rewritten_text(table: Table) -> Found | None:
    """A text and the same in simpler, corrected or other words."""
    rewritten = next((name for name in table.texts if named(name, vocabulary.REWRITTEN)), None)
    text = next(
        (name for name in table.texts if named(name, vocabulary.UNREWRITTEN) and name != rewritten), None
    )
    others = [name for name in table.texts if name not in (text, rewritten)]
    if not text or not rewritten or any(table.is_written(table.column(name)) for name in others):
        return None
    why = Text("proposal.named_rewording", rewritten=rewritten, text=text)
    return Found(INSTRUCTION, {text: Role.INPUT, rewritten: Role.TARGET}, [why])


def answered_mail(table: Table) -> Found | None:
    """A mail and the reply to it. Its subject stands beside it and is named where it is not read."""
    mails = (
        column for column in table.columns if named(column.name, vocabulary.MAIL) and table.is_usable(column)
    )
    mail = next((column.name for column in mails if table.is_written(column)), None)
    reply = table.first(vocabulary.ANSWER - vocabulary.VAGUE_ANSWER, but=[mail])
    if not mail or not reply or reply not in table.texts:
        return None
    why = Text("proposal.named_reply", mail=mail, reply=reply)
    return Found(CHAT, {mail: Role.INPUT, reply: Role.TARGET}, [why])


def unread_subject(table: Table, roles: dict[str, Role]) -> str | None:
    """The subject of the messages that are the input, where nothing reads it."""
    asked = next((name for name, role in roles.items() if role is Role.INPUT), None)
    if asked is None or not (named(asked, vocabulary.MAIL | {"content", "selftext", "posttext", "postbody"})):
        return None
    return next(
        (name for name in table.texts if named(name, vocabulary.MAIL_SUBJECT) and name not in roles), None
    )


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
    why = [Text("proposal.answers_are_json", answer=answer)]
    roles = {asked: Role.INPUT, answer: Role.TARGET}
    is_instruction = named(asked, vocabulary.INSTRUCTION)
    words = vocabulary.CONTEXT if is_instruction else vocabulary.READ_TEXT
    if context := table.first(words, but=[asked, answer]):
        why.append(Text("proposal.context_of_instruction", context=context))
        return Found(INSTRUCTION, {**roles, context: Role.CONTEXT}, why)
    return Found(INSTRUCTION if is_instruction else CHAT, roles, why)


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
    why = Text("proposal.named_input_output", text=text, answer=answer)
    return Found(INSTRUCTION, {text: Role.INPUT, answer: Role.TARGET}, [why])
