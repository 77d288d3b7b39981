"""Who of two speakers asks and who answers, where their names alone do not say it: SYSTEM of a task dialogue, 1 and 2."""

import re
from collections.abc import Iterable
from itertools import pairwise

from workers.contracts.texts import Text
from workers.ingest.conversations.speakers import role_of
from workers.ingest.conversations.turns import Turn, speaker

_NUMBERED = re.compile(
    r"(?:speaker|spk|person|participant|party|agent|user|human|sprecher|locuteur|hablante|falante|interlocutor|说话人|发言人|p|s)?"
    r"[ _-]?(?:\d{1,2}|[a-d])"
)
"""Speakers that are numbered instead of named."""
NUMBERED = Text("conversations.speakers_numbered")
_SELVES = (
    {"me", "you"},
    {"i", "you"},
    {"ich", "du"},
    {"ich", "sie"},
    {"moi", "toi"},
    {"yo", "tú"},
    {"我", "你"},
)
SELVES = Text("conversations.speakers_me_and_you")
ANSWERS_USER = Text("conversations.system_answers")


def is_numbered(name: str) -> bool:
    return _NUMBERED.fullmatch(name.strip().casefold()) is not None


def is_self(name: str) -> bool:
    """Whether a speaker is called “me” or “you”, which says no more than that it is not the other one."""
    return any(name.strip().casefold() in pair for pair in _SELVES)


def are_selves(names: Iterable[str]) -> bool:
    """Whether two folded names are “me” and “you”."""
    return set(names) in _SELVES


def _facing(self: str, other: str | None) -> tuple[dict[str, str], Text | None]:
    """“You” asks where the other is an assistant, and answers where the other is a user."""
    facing = {"assistant": "user", "user": "assistant"}.get(other or "")
    return ({self: facing} if facing else {}), None


def cast_of(turns: list[Turn]) -> tuple[dict[str, str], Text | None]:
    """Return the roles of speakers whose names do not say them, by folded name, and a sentence about it.

    Of two numbered speakers the first asks. SYSTEM answers where no assistant speaks.
    """
    spoken = [name.strip().casefold() for turn in turns if (name := speaker(turn))]
    names = list(dict.fromkeys(spoken))
    if len(names) == 2 and all(map(_NUMBERED.fullmatch, names)):
        return {names[0]: "user", names[1]: "assistant"}, NUMBERED
    if are_selves(names):
        return {names[0]: "user", names[1]: "assistant"}, SELVES
    if len(names) == 2 and (self := next(filter(is_self, names), None)):
        return _facing(self, role_of(names[names[0] == self]))
    roles = {name: role_of(name) for name in names}
    if set(roles.values()) != {"user", "system"}:
        return {}, None
    answering = [name for before, name in pairwise(spoken) if roles[before] == "user" != roles[name]]
    return (dict.fromkeys(answering, "assistant"), ANSWERS_USER) if answering else ({}, None)
