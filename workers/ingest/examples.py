"""From one imported row and the roles of its columns to a prompt and a target."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workers.contracts.excerpts import excerpt
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, TaskName
from workers.contracts.texts import Text, TextError
from workers.ingest.conversations import (
    ConversationError,
    Message,
    Turn,
    normalized,
    parse_messages,
    read_history,
)
from workers.ingest.empty_cells import is_sheet_error
from workers.ingest.labels import first_few, labels_of
from workers.ingest.literals import nested_value
from workers.ingest.passages import passages
from workers.ingest.verdicts import Reading, is_no_mark, is_no_weight, reading_of

_NAMES = {
    Role.INPUT: Text("rows.role_input"),
    Role.TARGET: Text("rows.role_target"),
    Role.REJECTED: Text("rows.role_rejected"),
    Role.LABEL: Text("rows.role_label"),
    Role.CONTEXT: Text("rows.role_context"),
    Role.SYSTEM: Text("rows.role_system_prompt"),
    Role.MESSAGES: Text("rows.role_messages"),
}
_GONE = frozenset({"[deleted]", "[removed]"})
"""What forums leave of a text that was taken away."""
_MOST_UNCLEAR = 100
BAD_ANSWER = Text("rows.marked_bad")
NO_WEIGHT = Text("rows.no_weight")


class RowError(TextError):
    """A row that cannot be learned from."""


@dataclass(frozen=True, slots=True)
class Example:
    """`key` is what decides the split: everything the model is given but the system prompt, or, where it is given
    nothing, the target itself. `rejected` is a worse answer to the prompt than the target. `is_good` says of
    rated answers whether the target is one to give."""

    prompt: list[Message]
    target: str
    key: str
    rejected: str | None = None
    is_good: bool | None = None

    @property
    def input_characters(self) -> int:
        return sum(len(message["content"]) for message in self.prompt)

    @property
    def is_echo(self) -> bool:
        """Whether the target says the same as the last message before it."""
        return bool(self.prompt) and _folded(self.prompt[-1]["content"]) == _folded(self.target)

    @property
    def identity(self) -> list[str]:
        """The texts that two rows must share to be the same row."""
        texts = [text for message in self.prompt for text in (message["role"], message["content"])]
        unlearned = [
            f"unlearned:{n}" for n, message in enumerate(self.prompt) if not message.get("learned", True)
        ]
        worse = [] if self.rejected is None else ["rejected", self.rejected]
        rated = [] if self.is_good is None else [f"good:{self.is_good}"]
        return [*texts, *unlearned, *worse, *rated, self.target]

    @property
    def spoken(self) -> list[tuple[str, str]]:
        """Who says what in the prompt, system prompt aside."""
        return _spoken(self.prompt)


def _spoken(messages: Sequence[Message]) -> list[tuple[str, str]]:
    return [(each["role"], each["content"]) for each in messages if each["role"] != "system"]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


class Builder:
    """Applies one set of roles to rows. `columns` maps each role to its column; `weights` are columns without a role
    that say how much a row counts."""

    def __init__(
        self,
        task_type: TaskName,
        columns: dict[Role, str],
        weights: Sequence[str] = (),
        marks: Reading | None = None,
        feedback: Reading | None = None,
    ) -> None:
        self._task = TASKS[task_type]
        self._columns = columns
        self._weights = weights
        self.unclear_marks: Counter[str] = Counter()
        """Rows by what their mark says, where that is neither good nor bad."""
        self._marks = marks or reading_of(columns.get(Role.QUALITY, ""), ())
        self._feedback = feedback or reading_of(columns.get(Role.FEEDBACK, ""), ())

    def _cell(self, cells: dict[str, str | None], role: Role) -> str:
        column = self._columns.get(role)
        return (cells.get(column) or "") if column else ""

    def _needed(self, cells: dict[str, str | None], role: Role) -> str:
        text = self._cell(cells, role)
        if not text.strip() or text.strip().casefold() in _GONE:
            raise RowError(Text("rows.cell_empty", role=_NAMES[role], column=self._columns[role]))
        if role is not Role.LABEL and is_sheet_error(text):
            raise RowError(Text("rows.cell_spreadsheet_error", role=_NAMES[role], column=self._columns[role]))
        return text

    def build(self, cells: dict[str, str | None]) -> Example:
        """Raises RowError."""
        if any(is_no_weight(cells.get(name) or "") for name in self._weights):
            raise RowError(NO_WEIGHT)
        unclear = self._unclear_mark(cells) if Role.QUALITY in self._columns else None
        example = self._built(cells)
        if Role.REJECTED in self._columns:
            example = replace(example, rejected=self._rejected(cells, example))
        if Role.FEEDBACK in self._columns:
            example = replace(example, is_good=self._is_good(cells))
        if unclear and (unclear in self.unclear_marks or len(self.unclear_marks) < _MOST_UNCLEAR):
            self.unclear_marks[unclear] += 1
        elif unclear:
            self.unclear_marks["…"] += 1
        return example

    def _built(self, cells: dict[str, str | None]) -> Example:
        if Role.MESSAGES in self._columns:
            return self._conversation(cells)
        if self._task.has_labels:
            return self._labelled(cells)
        if self._task.converses:
            return self._answered(cells)
        exact = self._task.continues
        target = self._needed(cells, Role.TARGET)
        target = target.strip("\n") if exact else target.strip()
        if Role.INPUT not in self._columns:
            return Example([], target, target)
        given = self._cell(cells, Role.INPUT)
        if not self._task.teaches_texts:
            given = self._needed(cells, Role.INPUT)
        if not exact:
            given = given.strip()
        if context := passages(self._cell(cells, Role.CONTEXT)):
            given = f"{given}\n\n{context}"
        return self._with_system(
            cells, [Message(role="user", content=given)] if given.strip() else [], target
        )

    def _rejected(self, cells: dict[str, str | None], example: Example) -> str:
        """Return the worse answer to the prompt of `example`: a text, a list of messages, or the first of a list of texts.
        Raises RowError."""
        cell = self._needed(cells, Role.REJECTED)
        turns = parse_messages(cell)
        if turns is None:
            answer = _first_text(cell).strip()
        else:
            messages = _with_question(turns, example)
            if _spoken(messages[:-1]) != example.spoken:
                raise RowError(Text("rows.rejected_other_prompt", column=self._columns[Role.REJECTED]))
            answer = messages[-1]["content"]
        if answer == example.target:
            raise RowError(Text("rows.rejected_same", column=self._columns[Role.REJECTED]))
        return answer

    def _is_good(self, cells: dict[str, str | None]) -> bool:
        """Return whether the row's answer is rated good. Raises RowError where its rating says neither."""
        mark = self._cell(cells, Role.FEEDBACK)
        is_good = None if is_no_mark(mark) else self._feedback.is_good(mark)
        if is_good is None:
            column = self._columns[Role.FEEDBACK]
            raise RowError(Text("rows.feedback_unclear", column=column, value=excerpt(mark.strip(), 40)))
        return is_good

    def _unclear_mark(self, cells: dict[str, str | None]) -> str | None:
        """Return the mark of a row that says neither good nor bad. Raises RowError for a bad one."""
        mark = self._cell(cells, Role.QUALITY)
        if is_no_mark(mark):
            return None
        good = self._marks.is_good(mark)
        if good is False:
            raise RowError(BAD_ANSWER)
        return excerpt(mark.strip(), 40) if good is None else None

    def _labelled(self, cells: dict[str, str | None]) -> Example:
        text = self._needed(cells, Role.INPUT).strip()
        if second := passages(self._cell(cells, Role.CONTEXT)):
            text = f"{text}\n\n{second}"
        labels = labels_of(self._needed(cells, Role.LABEL))
        if len(labels) > 1:
            raise RowError(Text("rows.several_labels", labels=first_few(labels)))
        if not labels:
            raise RowError(Text("rows.label_empty", column=self._columns[Role.LABEL]))
        if labels[0].startswith(("{", "[")):
            raise RowError(Text("rows.label_nested"))
        return Example([Message(role="user", content=text)], labels[0], text)

    def _answered(self, cells: dict[str, str | None]) -> Example:
        """A question and its answer, each a text or (where another tool wrote them) a list of messages."""
        question, answer = self._needed(cells, Role.INPUT).strip(), self._needed(cells, Role.TARGET).strip()
        if context := passages(self._cell(cells, Role.CONTEXT)):
            question = f"{question}\n\n{context}"
        asked, answered = parse_messages(question), parse_messages(answer)
        earlier = read_history(self._cell(cells, Role.HISTORY))
        if earlier is None:
            raise RowError(Text("rows.no_earlier_turns", column=self._columns[Role.HISTORY]))
        if not asked and not answered and not earlier:
            return self._with_system(cells, [Message(role="user", content=question)], answer)
        return self._talk(
            cells,
            [
                *earlier,
                *(asked or [{"role": "user", "content": question}]),
                *(answered or [{"role": "assistant", "content": answer}]),
            ],
        )

    def _with_system(self, cells: dict[str, str | None], prompt: list[Message], target: str) -> Example:
        """A row's system prompt comes before the one that its conversation brings along."""
        system = passages(self._cell(cells, Role.SYSTEM), "\n")
        has_system = bool(prompt) and prompt[0]["role"] == "system"
        spoken = prompt[has_system:]
        key = "\n".join(message["content"] for message in spoken) or target
        own = prompt[0]["content"] if has_system else ""
        if system and system not in own:
            both = f"{system}\n\n{own}" if own and own not in system else system
            prompt = [Message(role="system", content=both), *spoken]
        return Example(prompt, target, key)

    def _conversation(self, cells: dict[str, str | None]) -> Example:
        text = self._needed(cells, Role.MESSAGES)
        turns = parse_messages(text)
        if turns is None:
            raise RowError(Text("rows.no_messages", column=self._columns[Role.MESSAGES]))
        return self._talk(cells, turns)

    def _talk(self, cells: dict[str, str | None], turns: list[Turn]) -> Example:
        try:
            messages = normalized(turns)
        except ConversationError as error:
            raise RowError(error.reason) from error
        return self._with_system(cells, messages[:-1], messages[-1]["content"])


def _first_text(cell: str) -> str:
    """The first text of a cell that holds a list of texts, else the cell."""
    listed = nested_value(cell)
    texts = listed if isinstance(listed, list) and all(isinstance(text, str) for text in listed) else []
    return next((text for text in texts if text.strip()), cell)


def _with_question(turns: list[Turn], example: Example) -> list[Message]:
    """The messages of a conversation; an answer alone follows the prompt of `example`. Raises RowError."""
    try:
        return normalized(turns)
    except ConversationError:
        asked = [{"role": who, "content": said} for who, said in example.spoken]
    try:
        return normalized([*asked, *turns])
    except ConversationError as error:
        raise RowError(error.reason) from error
