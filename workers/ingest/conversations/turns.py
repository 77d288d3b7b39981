"""Turns out of nested values: OpenAI, ShareGPT, Anthropic, Gemini, LangChain, pairs of question and answer."""

import json
from typing import Any

from workers.ingest.conversations.speakers import is_speaker, role_of
from workers.ingest.literals import is_quoted_nested, nested_value

_ROLE_KEYS = ("role", "from", "speaker")
_NAME_KEYS = ("author", "sender", "participant", "name", "user", "who", "by", "actor", "type")
"""These say other things as well, so that only a known speaker counts."""
_AUTHORS = ("0", "1", "2")
"""Numbers that PaLM gives to two authors. As names of more people they are identifiers."""
_CONTENT_KEYS = ("content", "value", "text", "message", "parts", "utterance", "body", "data")
_CALL_KEYS = frozenset({"tool_calls", "function_call", "tool_call", "functionCall", "tool_use"})
_WRAPPERS = ("messages", "conversations", "conversation", "contents", "turns", "dialog", "dialogue", "input")
_SYSTEM_KEYS = ("system", "system_prompt", "systemInstruction", "system_instruction", "instructions")
_ANSWERS = ("choices", "candidates", "output")
"""Where recorded answers of OpenAI, Gemini and others hold what the model said."""

Turn = dict[str, Any]


def first_of(turn: Turn, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if (value := turn.get(key)) is not None:
            return value
    return None


def speaker(turn: Turn) -> str | None:
    """Return the name of who speaks, as the file has it."""
    name = first_of(turn, _ROLE_KEYS)
    if isinstance(name, str):
        return name
    if name is None and isinstance(turn.get("kwargs"), dict) and isinstance(turn.get("id"), list):
        name = turn["kwargs"].get("role") or next(iter(turn["id"][-1:]), None)  # LangChain's own JSON
    if name is None:
        name = next(filter(is_speaker, map(_inner_name, map(turn.get, _NAME_KEYS))), None) or _of_script(turn)
    if name is None and _is_numbered_author(turn):
        name = turn["author"]
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    return name if isinstance(name, str) else None


def _of_script(turn: Turn) -> Any:
    """The character of a line, as plays and games have it: {"character": "Bot", "line": "…"}."""
    return turn.get("character") if isinstance(turn.get("line"), str) else None


def _is_numbered_author(turn: Turn) -> bool:
    author = turn.get("author")
    return isinstance(author, int | str) and str(author) in _AUTHORS and isinstance(turn.get("content"), str)


def _inner_name(value: Any) -> Any:
    return (value.get("role") or value.get("name")) if isinstance(value, dict) else value


def content(turn: Turn) -> Any:
    """Return what is said: a text, a list of parts, or None where nothing is (or only a tool is called)."""
    if isinstance(turn.get("data"), dict) and "type" in turn:
        return first_of(turn["data"], _CONTENT_KEYS)
    if isinstance(turn.get("kwargs"), dict) and isinstance(turn.get("id"), list):
        return first_of(turn["kwargs"], _CONTENT_KEYS)
    said = first_of(turn, _CONTENT_KEYS)
    return said or refusal(turn) or (turn["line"] if said is None and _of_script(turn) else said)


def refusal(turn: Turn) -> str | None:
    """Return the words by which an assistant refuses, which OpenAI puts beside an empty content."""
    said = turn.get("refusal")
    return said if isinstance(said, str) and said.strip() and not first_of(turn, _CONTENT_KEYS) else None


def calls_tool(turn: Turn) -> bool:
    return role_of(speaker(turn)) == "tool" or _names_call(turn) or _names_call(turn.get("kwargs"))


def _names_call(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and not _CALL_KEYS.isdisjoint(said)
        and any(said.get(key) for key in _CALL_KEYS)
    )


def is_messages(value: Any) -> bool:
    """Whether a value is a non-empty list of turns that each have a speaker, and some of which say something."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and speaker(turn) is not None for turn in value)
        and any(content(turn) is not None or calls_tool(turn) for turn in value)
        and any(role_of(speaker(turn)) != "tool" for turn in value)
        and not _are_other_people(value)
    )


def _are_other_people(turns: list[Turn]) -> bool:
    """Whether the authors of texts are numbered, and are no two who talk with one another."""
    numbered = [turn for turn in turns if first_of(turn, _ROLE_KEYS) is None and _is_numbered_author(turn)]
    authors = {str(turn["author"]) for turn in turns} if len(numbered) == len(turns) else set()
    return bool(numbered) and len(authors) != 2


def turns_of(value: Any) -> list[Turn] | None:
    """Return the turns of a nested value, or None when it is no conversation.

    Taken are a list of turns, one turn alone, such a list under a usual key (with a system prompt beside it), lists of
    pairs with named sides ([{"human": …, "assistant": …}]), turns by column, and what APIs are sent and answer.
    """
    value = _unwrapped(value)
    if isinstance(value, dict):
        return _turns_of_object(value)
    if is_messages(value):
        return list(value)
    return (_listed_pairs(value) or _named_pairs(value)) if isinstance(value, list) else None


def _listed_pairs(value: list[Any]) -> list[Turn] | None:
    """[["user", "…"], ["assistant", "…"]]: each turn a list of its speaker and its text."""
    if not value or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 and is_speaker(pair[0]) and isinstance(pair[1], str)
        for pair in value
    ):
        return None
    return [{"role": name, "content": text} for name, text in value]


def _unwrapped(value: Any) -> Any:
    """Return what a recorded answer of a model service holds: the message of its first choice or candidate, or its output
    with the reasoning as a part of the message that follows it."""
    if (
        isinstance(value, dict)
        and len(found := [value[key] for key in _ANSWERS if isinstance(value.get(key), list)]) == 1
    ):
        value = found[0]
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return value
    first = value[0]
    if isinstance(message := first.get("message"), dict) and is_messages([message]):
        return [message]
    if isinstance(message := first.get("content"), dict) and is_messages([message]):
        return [message]
    said = [item for item in value if item.get("type") != "reasoning" or "role" in item]
    if said and len(said) < len(value) and isinstance(said[0].get("content"), list):
        said[0] = {**said[0], "content": [{"type": "reasoning"}, *said[0]["content"]]}
    return said


def _turns_of_object(value: Turn) -> list[Turn] | None:
    for key in _WRAPPERS:
        if isinstance(value.get(key), list) and (turns := turns_of(value[key])):
            system = first_of(value, _SYSTEM_KEYS)
            before = [{"role": "system", "content": text}] if (text := text_of_system(system)) else []
            return [*before, *turns]
    if turns := _by_column(value) or _of_request(value):
        return turns
    has_speaker = any(key in value for key in _ROLE_KEYS)
    return [value] if has_speaker and is_messages([value]) else None


def _by_column(value: Turn) -> list[Turn] | None:
    """{"role": ["user", "assistant"], "content": ["…", "…"]}, as typed files hold a list of objects."""
    roles = first_of(value, _ROLE_KEYS)
    said = first_of(value, _CONTENT_KEYS)
    if not isinstance(roles, list) or not isinstance(said, list) or not roles or len(roles) != len(said):
        return None
    turns = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
    return turns if is_messages(turns) else None


def _of_request(value: Turn) -> list[Turn] | None:
    """What a log of an API holds: {"body": {"messages": […]}}, {"choices": [{"message": {…}}]}."""
    if isinstance(value.get("body"), dict):
        return turns_of(value["body"])
    choices = value.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return [message] if isinstance(message, dict) and is_messages([message]) else None


def text_of_system(value: Any) -> str | None:
    """Return a system prompt that stands beside a conversation, as text or as {"parts": [{"text": …}]}."""
    if isinstance(value, dict):
        value = content(value)
    if isinstance(value, list):
        value = "\n".join(
            str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in value
        )
    return value.strip() or None if isinstance(value, str) else None


def _is_system_answering(value: list[Any]) -> bool:
    """Whether a user and a system talk, as in task dialogues: a system prompt says the same beside each question."""
    said = [pair["system"] for pair in value if isinstance(pair, dict) and pair.keys() == {"user", "system"}]
    return len(said) == len(value) > 1 and len(set(map(str, said))) == len(said)


def _named_pairs(value: list[Any]) -> list[Turn] | None:
    turns: list[Turn] = []
    system_answers = _is_system_answering(value)
    for pair in value:
        if not isinstance(pair, dict):
            return None
        sides = {role: text for key, text in pair.items() if (role := role_of(key)) and isinstance(text, str)}
        if system_answers and "system" in sides:
            sides["assistant"] = sides.pop("system")
        if not {"user", "assistant"} <= sides.keys():
            return None
        turns += [
            {"role": role, "content": sides[role]}
            for role in ("system", "user", "assistant")
            if sides.get(role)
        ]
    return turns or None


def parse_messages(text: str | None) -> list[Turn] | None:
    """Return the turns that a cell holds, or None when it holds something else."""
    if not text or not (text.lstrip()[:1] in ("[", "{") or is_quoted_nested(text)):
        return None
    return turns_of(nested_value(text))


def parse_history(text: str | None) -> list[Turn] | None:
    """Return earlier turns: as `parse_messages`, or [[question, answer], …], or texts of which the first is a question.

    None when the cell holds something else; an empty list for an empty cell."""
    if not text or text.strip() in ("[]", "{}", "null", "None"):
        return []
    value = nested_value(text)
    return turns_of(value) or bare_turns(value)


def bare_turns(value: Any) -> list[Turn] | None:
    """Turns without names: [[question, answer], …] or [question, answer, question, …]."""
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value):
        value = [text for pair in value for text in pair]
    if not all(isinstance(text, str) or text is None for text in value):
        return None
    return [
        {"role": "user" if index % 2 == 0 else "assistant", "content": text or ""}
        for index, text in enumerate(value)
    ]


def canonical(turns: list[Turn]) -> str:
    """Return turns as the JSON text that a cell holds."""
    return json.dumps(turns, ensure_ascii=False, default=str)
