"""From one imported row and the roles of its columns to a prompt and a target."""

from dataclasses import dataclass

from workers.contracts.task_types import Role, TaskType
from workers.ingest.conversations import ConversationError, Message, normalized, parse_messages

_NAMES = {
    Role.INPUT: "input",
    Role.TARGET: "target",
    Role.LABEL: "label",
    Role.CONTEXT: "context",
    Role.SYSTEM: "system prompt",
    Role.MESSAGES: "messages",
}


class RowError(ValueError):
    """A row that cannot be learned from; the message is its reason."""


@dataclass(frozen=True, slots=True)
class Example:
    """`key` is what decides the split: everything the model is given but the system prompt, or, where it is given
    nothing, the target itself."""

    prompt: list[Message]
    target: str
    key: str

    @property
    def input_characters(self) -> int:
        return sum(len(message["content"]) for message in self.prompt)


class Builder:
    """Applies one set of roles to rows. `columns` maps each role to its column."""

    def __init__(self, task_type: TaskType, columns: dict[Role, str]) -> None:
        self._task_type = task_type
        self._columns = columns

    def _cell(self, cells: dict[str, str | None], role: Role) -> str:
        column = self._columns.get(role)
        return (cells.get(column) or "") if column else ""

    def _needed(self, cells: dict[str, str | None], role: Role) -> str:
        text = self._cell(cells, role)
        if not text.strip():
            raise RowError(f"The {_NAMES[role]} (column “{self._columns[role]}”) is empty")
        return text

    def build(self, cells: dict[str, str | None]) -> Example:
        """Raises RowError."""
        if Role.MESSAGES in self._columns:
            return self._conversation(cells)
        if self._task_type is TaskType.CLASSIFICATION:
            text = self._needed(cells, Role.INPUT).strip()
            label = " ".join(self._needed(cells, Role.LABEL).split())
            return Example([{"role": "user", "content": text}], label, text)
        exact = self._task_type in (TaskType.CODE, TaskType.GENERATION)
        target = self._needed(cells, Role.TARGET)
        target = target.strip("\n") if exact else target.strip()
        if Role.INPUT not in self._columns:
            return Example([], target, target)
        given = self._cell(cells, Role.INPUT)
        if self._task_type is not TaskType.GENERATION:
            given = self._needed(cells, Role.INPUT)
        if not exact:
            given = given.strip()
        if context := self._cell(cells, Role.CONTEXT).strip():
            given = f"{given}\n\n{context}"
        return self._with_system(cells, [{"role": "user", "content": given}] if given.strip() else [], target)

    def _with_system(self, cells: dict[str, str | None], prompt: list[Message], target: str) -> Example:
        system = self._cell(cells, Role.SYSTEM).strip()
        has_system = bool(prompt) and prompt[0]["role"] == "system"
        spoken = prompt[has_system:]
        key = "\n".join(message["content"] for message in spoken) or target
        if system and not has_system:
            prompt = [{"role": "system", "content": system}, *prompt]
        return Example(prompt, target, key)

    def _conversation(self, cells: dict[str, str | None]) -> Example:
        text = self._needed(cells, Role.MESSAGES)
        turns = parse_messages(text)
        if turns is None:
            raise RowError(f"Column “{self._columns[Role.MESSAGES]}” holds no list of messages")
        try:
            messages = normalized(turns)
        except ConversationError as error:
            raise RowError(str(error)) from error
        return self._with_system(cells, messages[:-1], messages[-1]["content"])
