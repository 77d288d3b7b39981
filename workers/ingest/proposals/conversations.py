"""Columns that hold lists of messages: whole conversations, or the question and the answer of one."""

from collections import Counter

from workers.contracts.roles import Role
from workers.contracts.tasks.chat import CHAT
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.conversations import ConversationError, Turn, parse_messages, read_conversation
from workers.ingest.conversations.speakers import role_of
from workers.ingest.conversations.turns import speaker
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import named

_ASKING = vocabulary.QUESTION | vocabulary.INPUT | vocabulary.MESSAGES | vocabulary.CONTEXT
_ANSWERING = (
    vocabulary.CHOSEN
    | vocabulary.ANSWER
    | {"referenceanswer", "ideal", "expectedanswer", "expectedoutput", "expectedresponse"}
)
"""Also what evaluations compare an answer with."""


def chat(table: Table) -> Found | None:
    lists = [c.name for c in table.columns if c.is_messages and not _is_beside(table, c.name)]
    if not lists:
        return None
    if pair := _pair(table, lists):
        return _checked(table, *pair)
    name = (
        next((name for name in lists if named(name, vocabulary.CHOSEN)), None)
        or next((name for name in lists if named(name, vocabulary.MESSAGES)), None)
        or next((name for name in lists if not named(name, vocabulary.REJECTED)), lists[0])
    )
    why = [Text("proposal.conversations", name=name)]
    return _checked(table, {name: Role.MESSAGES}, why)


def _is_beside(table: Table, name: str) -> bool:
    """Whether messages are a system prompt, or earlier turns whose question and answer stand in columns of their own."""
    if named(name, vocabulary.SYSTEM):
        return True
    asked = table.first(vocabulary.INSTRUCTION | vocabulary.QUESTION | vocabulary.INPUT)
    answered = table.first(vocabulary.ANSWER, but=[asked])
    return named(name, vocabulary.HISTORY) and asked is not None and answered is not None


def _pair(table: Table, lists: list[str]) -> tuple[dict[str, Role], list[Text]] | None:
    """A list that ends with a question, and its answer in another column, as a list or as a text."""
    asking = next((name for name in lists if named(name, _ASKING) and _ends_with_question(table, name)), None)
    answers = [
        c.name for c in table.columns if c.name != asking and (c.is_messages or c.filled > 0.2 * table.rows)
    ]
    answering = next(
        (n for words in (vocabulary.CHOSEN, _ANSWERING) for n in answers if named(n, words)), None
    )
    if asking is None and answering in lists and not _holds_question(table, answering):
        asking = table.first(_ASKING | vocabulary.INSTRUCTION, but=[answering])
    if asking is None or answering is None:
        return None
    why = Text("proposal.messages_and_answer", asking=asking, answering=answering)
    return {asking: Role.INPUT, answering: Role.TARGET}, [why]


def _ends_with_question(table: Table, name: str) -> bool:
    talks = [turns for value in table.values(name) if (turns := parse_messages(value))]
    return sum(role_of(speaker(turns[-1])) == "user" for turns in talks) * 2 > len(talks)


def _holds_question(table: Table, name: str | None) -> bool:
    talks = [turns for value in table.values(name or "") if (turns := parse_messages(value))]
    return any(role_of(speaker(turn)) == "user" for turns in talks for turn in turns)


def _checked(table: Table, roles: dict[str, Role], why: list[Text]) -> Found:
    """With what the conversations of the sample lose on the way; nothing proposed where hardly one can be learned."""
    read = 0
    problems: Counter[Text] = Counter()
    notes: set[Text] = set()
    for row in table.sample:
        turns = _turns(row, roles)
        if not turns:
            continue
        read += 1
        try:
            notes |= read_conversation(turns).notes
        except ConversationError as error:
            problems[error.reason] += 1
    failed = problems.total()
    if failed:
        common = problems.most_common(1)[0][0]
        if failed > 0.8 * read:
            return Found(None, {}, [*why, Text("proposal.almost_none_learnable", reason=common)])
        why = [*why, Text("proposal.some_not_learnable", share=failed / read, reason=common)]
    return Found(CHAT, roles, [*why, *sorted(notes)])


def _turns(row: dict[str, str], roles: dict[str, Role]) -> list[Turn]:
    """The conversation of a row; empty where a cell is missing, or cut in the sample so that its end is not known."""
    turns: list[Turn] = []
    for name, role in sorted(roles.items(), key=lambda item: item[1] is Role.TARGET):
        text = row.get(name)
        if not text:
            return []
        said = parse_messages(text)
        if said is None and role is Role.MESSAGES:
            return []
        turns += said or [{"role": "assistant" if role is Role.TARGET else "user", "content": text}]
    return turns
