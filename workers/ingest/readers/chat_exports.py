"""Chats that WhatsApp exports: “12/03/2024, 10:15 - Ann: Hello”, “[12.03.24, 10:15:03] Ann: Hello”.

A chat of two becomes a row for each conversation, which ends with a pause; a chat of more people a row for each message.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from workers.contracts.texts import Text
from workers.ingest.conversations.speakers import role_of
from workers.ingest.readers.lines import Line
from workers.ingest.source import Bad, Row, Source

_DATE = r"(?P<date>\d{1,4}[./-]\d{1,2}[./-]\d{1,4})"
_TIME = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.]\d{2})?(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\.?)?"
_SAID = r"(?:(?P<who>[^:\[\]]{1,60}): )?(?P<text>.*)$"
_MESSAGES = (
    re.compile(rf"[\u200e\u200f\ufeff]?{_DATE},? {_TIME} - {_SAID}"),
    re.compile(rf"[\u200e\u200f\ufeff]?\[{_DATE}, {_TIME}\] {_SAID}"),
)
_OMITTED = re.compile(r"\u200e?(?:<[^<>]{3,40}>|\w+ omitted|\w+ weggelassen)$|null$")
"""What stands for a picture or a recording."""
_LEVELS = frozenset(
    ["error", "info", "warn", "warning", "debug", "trace", "fatal", "critical", "notice", "severe"]
)
"""Log files begin their lines with a time and one of these."""
_LEAST_MESSAGES = 6
_LEAST_SHARE = 0.3
_PAUSE_MINUTES = 240


class Message(NamedTuple):
    line: int
    date: str
    minutes: int
    """Since midnight."""
    who: str
    """Empty where the program itself says something."""
    text: str


@dataclass
class _Talk:
    """The turns of one conversation; what a person writes in a row is one turn."""

    line: int = 0
    turns: list[tuple[str, list[str]]] = field(default_factory=list)

    def add(self, message: Message) -> None:
        self.line = self.line or message.line
        if self.turns and self.turns[-1][0] == message.who:
            self.turns[-1][1].append(message.text)
        else:
            self.turns.append((message.who, [message.text]))


def chat_people(sample: str) -> list[str] | None:
    """Return who writes in a text that is the export of a chat, the one who begins most conversations first; None for
    other texts."""
    lines = [Line(number, text) for number, text in enumerate(sample.split("\n"), start=1)]
    filled = [line for line in lines if line.text.strip()]
    if not filled or _matched(filled[0].text) is None:
        return None
    messages = [message for message in _messages(lines) if message.who]
    people = Counter(message.who for message in messages)
    if len(messages) < max(_LEAST_MESSAGES, _LEAST_SHARE * len(filled), 2 * len(people)) or len(people) < 2:
        return None
    if any(who.strip().casefold() in _LEVELS for who in people):
        return None
    begun = Counter(talk.turns[0][0] for talk in _talks(messages))
    return sorted(people, key=lambda who: (-begun[who], -people[who]))


def read_chat(lines: Iterable[Line], source: Source, people: list[str]) -> Iterator[Row | Bad]:
    """Yield the rows of a chat by these people."""
    messages = _counted(lines, source)
    if len(people) > 2:
        source.warnings.append(Text("readers.whatsapp_group", people=len(people)))
        for line, date, minutes, who, text in messages:
            time = f"{date} {minutes // 60:02d}:{minutes % 60:02d}"
            yield Row(line, {"time": time, "speaker": who, "text": text})
        return
    roles = _roles(people)
    asks, answers = sorted(people, key=lambda who: roles[who] == "assistant")
    source.warnings.append(Text("readers.whatsapp_chat", user=asks, assistant=answers))
    for talk in _talks(messages):
        turns = [{"role": roles.get(who, "user"), "content": "\n".join(texts)} for who, texts in talk.turns]
        yield Row(talk.line, {"messages": turns})


def _roles(people: list[str]) -> dict[str, str]:
    first, second = people
    known = (role_of(first), role_of(second))
    if known[0] == "assistant" or known[1] == "user":
        return {first: "assistant", second: "user"}
    return {first: "user", second: "assistant"}


def _counted(lines: Iterable[Line], source: Source) -> Iterator[Message]:
    """The messages of people; what the program says and stand-ins for pictures count as comments."""
    for message in _messages(_without_blank(lines, source)):
        text = message.text.strip()
        if not message.who or not text or _OMITTED.match(text):
            source.comments += 1
        else:
            yield message._replace(text=text)


def _without_blank(lines: Iterable[Line], source: Source) -> Iterator[Line]:
    for line in lines:
        if line.text.strip():
            yield line
        else:
            source.blank += 1


def _messages(lines: Iterable[Line]) -> Iterator[Message]:
    """Messages with the lines that go on below them."""
    waiting: Message | None = None
    for line in lines:
        text = line.text.rstrip("\r\n")
        if found := _matched(text):
            if waiting:
                yield waiting
            hour = int(found["hour"]) % (12 if found["half"] else 24)
            minutes = 60 * (hour + 12 * ((found["half"] or "").lower() == "p")) + int(found["minute"])
            who = (found["who"] or "").strip("\u200e\u200f\u202a\u202c ~")
            waiting = Message(line.number, found["date"], minutes, who, found["text"])
        elif waiting:
            waiting = waiting._replace(text=f"{waiting.text}\n{text}")
    if waiting:
        yield waiting


def _matched(text: str) -> re.Match[str] | None:
    return next((found for form in _MESSAGES if (found := form.match(text.replace("\u202f", " ")))), None)


def _talks(messages: Iterable[Message]) -> Iterator[_Talk]:
    talk = _Talk()
    before: Message | None = None
    for message in messages:
        if before and _pause(before, message) >= _PAUSE_MINUTES:
            yield talk
            talk = _Talk()
        talk.add(message)
        before = message
    if talk.turns:
        yield talk


def _pause(before: Message, after: Message) -> int:
    """Minutes between two messages, the least that they can be: another date is taken for the next day."""
    passed = after.minutes - before.minutes
    return passed + 24 * 60 if after.date != before.date else passed
