"""From turns as they came to a conversation that can be learned: a question first, an answer last."""

import json
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from workers.contracts.excerpts import excerpt
from workers.contracts.texts import Text, TextError
from workers.ingest.conversations.cast import cast_of
from workers.ingest.conversations.speakers import role_of
from workers.ingest.conversations.turns import Turn, calls_tool, content, first_of, refusal, speaker
from workers.ingest.verdicts import is_marked_bad, is_rated

_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal", "paragraph", "markdown", "string"})
_THOUGHTS = frozenset(
    {"thinking", "redacted_thinking", "reasoning", "reasoning_text", "thought", "summary_text"}
)
_CALLS = frozenset(
    {
        "tool_use", "tool_result", "tool_call", "tool_calls", "tool_response", "function", "function_call",
        "function_call_output", "functionCall", "functionResponse", "server_tool_use", "mcp_call",
    }
)  # fmt: skip
_PART_TEXT = ("text", "value", "content", "refusal", "output_text", "input_text")
_FLAGS = ("weight", "loss_weight", "loss", "train", "trainable", "learn", "train_on_turn", "do_train")
"""Keys by which other tools say whether a turn is learned: 0 and false are no, and one no decides."""

_SPOKEN_KEYS = 2
"""A turn with no more keys has a speaker and a text alone."""

GREETING = Text("conversations.greeting_left_out")
AFTERWORD = Text("conversations.ending_left_out")
MIDDLE = Text("conversations.late_system_message")
UNLEARNED = Text("conversations.marked_answers_not_learned")
_NO_ANSWER = Text("conversations.every_answer_marked_bad")
REFUSALS = Text("conversations.refusals_learned")
THOUGHTS = Text("conversations.reasoning_left_out")

_ROLES = {
    "assistant": Text("conversations.role_assistant"),
    "system": Text("conversations.role_system"),
    "user": Text("conversations.role_user"),
}


class Message(TypedDict):
    """`learned` stands only where it is False: an answer that the model reads, and does not learn to give."""

    role: str
    content: str
    learned: NotRequired[bool]


class ConversationError(TextError):
    """A conversation that cannot be learned from."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """`notes` say what was changed so that it can be learned."""

    messages: list[Message]
    notes: frozenset[Text]


def normalized(turns: list[Turn]) -> list[Message]:
    """Return the messages of `read_conversation`. Raises ConversationError."""
    return read_conversation(turns).messages


def read_conversation(turns: list[Turn]) -> Conversation:
    """Return system (at most one, first), then user and assistant in turns, the assistant last.

    Turns of one speaker in a row are joined by a blank line. What stands before the first question and after the last
    answer that may be learned is left out. Raises ConversationError.
    """
    notes: set[Text] = set()
    cast, note = cast_of(turns)
    notes |= {note} if note else set()
    spoken = [message for turn in turns if (message := _message(turn, cast, notes)) is not None]
    answers = [index for index, message in enumerate(spoken) if message["role"] == "assistant"]
    learned = [index for index in answers if spoken[index].get("learned", True) and spoken[index]["content"]]
    if not learned:
        raise ConversationError(_why_no_answer(spoken, answers))
    if learned[-1] + 1 < len(spoken):
        notes.add(AFTERWORD)
    messages = _joined(_from_first_question(spoken[: learned[-1] + 1], notes), notes)
    if sum(message["role"] != "system" for message in messages) < 2:
        raise ConversationError(Text("conversations.no_question"))
    if messages[-1].get("learned") is False:
        raise ConversationError(_NO_ANSWER)
    return Conversation(messages, frozenset(notes))


def _why_no_answer(spoken: list[Message], answers: list[int]) -> Text:
    if not spoken:
        return Text("conversations.conversation_empty")
    if not answers:
        return Text("conversations.no_answer")
    if any(spoken[index]["content"] for index in answers):
        return _NO_ANSWER
    return Text("conversations.assistant_turn_empty")


def _message(turn: Turn, cast: dict[str, str], notes: set[Text]) -> Message | None:
    """One turn in the studio's form; None for an empty system message."""
    name = str(speaker(turn) or "")
    role = cast.get(name.strip().casefold()) or role_of(name)
    if calls_tool(turn):
        raise ConversationError(Text("conversations.calls_tool"))
    if role is None:
        raise ConversationError(Text("conversations.unknown_role", name=excerpt(name, 40)))
    text = _text(content(turn), notes).strip()
    if role == "system" and not text:
        return None
    message = Message(role=role, content=text)
    if role == "assistant" and refusal(turn):
        notes.add(REFUSALS)
    if role == "assistant" and (len(turn) > _SPOKEN_KEYS or _has_error(content(turn))):
        _mark(message, turn, notes)
    return message


def _has_error(said: Any) -> bool:
    """Whether a part of what is said is an error, as results of tools are marked."""
    parts = said if isinstance(said, list) else []
    return any(isinstance(part, dict) and part.get("is_error") is True for part in parts)


def _mark(message: Message, turn: Turn, notes: set[Text]) -> None:
    """Follow what the other keys of a turn say of it."""
    if _has_error(content(turn)):
        message["learned"] = False
        notes.add(UNLEARNED)
    for name, said in turn.items():
        if (name in _FLAGS and _is_off(said)) or is_marked_bad(name, said):
            message["learned"] = False
            notes.add(UNLEARNED)
            return
        if is_rated(name, said):
            notes.add(Text("conversations.rated_by_numbers", name=name))


def _is_off(flag: Any) -> bool:
    if isinstance(flag, str):
        return flag.strip().lower() in ("0", "0.0", "false", "no")
    return isinstance(flag, bool | int | float) and not flag


def _text(said: Any, notes: set[Text]) -> str:
    if said is None:
        return ""
    if isinstance(said, dict):
        said = said["parts"] if isinstance(said.get("parts"), list) else [said]
    if not isinstance(said, list):
        return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    texts = []
    for part in said:
        if isinstance(part, dict):
            kind = str(part.get("type") or next((name for name in part if name in _CALLS), "text"))
            if kind in _CALLS:
                raise ConversationError(Text("conversations.calls_tool"))
            if kind in _THOUGHTS or part.get("thought") is True:
                notes.add(THOUGHTS)
                continue
            if kind not in _TEXT_PARTS or not any(key in part for key in _PART_TEXT):
                kind = kind if kind not in _TEXT_PARTS else next(iter(part), kind)
                raise ConversationError(Text("conversations.turn_not_text", kind=excerpt(kind, 40)))
            part = first_of(part, _PART_TEXT) or ""
        texts.append(part if isinstance(part, str) else json.dumps(part, ensure_ascii=False))
    return "\n".join(texts)


def _from_first_question(spoken: list[Message], notes: set[Text]) -> list[Message]:
    """Without what the assistant says before the user does."""
    first = next((index for index, message in enumerate(spoken) if message["role"] == "user"), len(spoken))
    kept = [message for message in spoken[:first] if message["role"] == "system"]
    if len(kept) < first:
        notes.add(GREETING)
    return [*kept, *spoken[first:]]


def _joined(spoken: list[Message], notes: set[Text]) -> list[Message]:
    messages: list[Message] = []
    for message in spoken:
        role = message["role"]
        if role == "system" and any(before["role"] != "system" for before in messages):
            notes.add(MIDDLE)
            role = "user"
        if not message["content"]:
            raise ConversationError(Text("conversations.turn_empty", role=_ROLES.get(role, role)))
        turn: Message = {**message, "role": role}
        if messages and messages[-1]["role"] == role:
            messages[-1] = _both(messages[-1], turn)
        else:
            messages.append(turn)
    return messages


def _both(first: Message, second: Message) -> Message:
    """Two turns of one speaker as one. Of two answers only one of which may be learned, that one is kept."""
    if first.get("learned", True) != second.get("learned", True):
        return first if first.get("learned", True) else second
    return {**first, "content": f"{first['content']}\n\n{second['content']}"}
