"""Cells that hold several answers to one question: lists of texts, or of objects with a text and a score each."""

from collections.abc import Mapping, Sequence
from typing import Any

from workers.ingest.literals import nested_value
from workers.ingest.verdicts import Sense, is_marked_bad, mark_named, number_of
from workers.ingest.vocabulary import ANSWERS, named

_TEXTS = (
    "response",
    "answer",
    "completion",
    "output",
    "text",
    "content",
    "value",
    "reply",
    "generated_text",
    "body",
)
_CHECKED = 300


def columns_with_several(names: Sequence[str], sample: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the columns named like answers in the plural of which most cells hold lists of them."""
    found = []
    for name in names:
        values = [row[name] for row in sample if name in row][:_CHECKED] if named(name, ANSWERS) else []
        lists = [value for value in values if value.lstrip()[:1] == "["]
        if lists and len(lists) * 10 > len(values) and _hold_answers(lists[:50]):
            found.append(name)
    return found


def _hold_answers(lists: Sequence[str]) -> bool:
    """Whether each is a list of answers. All answers of some may be bad, and some lists may be empty."""
    read = [nested_value(value) for value in lists]
    are_answers = all(isinstance(value, list) and all(map(_text, value)) for value in read)
    return are_answers and any(best_answer(value) for value in lists)


def best_answer(text: str | None) -> str | None:
    """Return of a list of answers the one that is rated best, else the first; None where none can be learned.

    An answer that the list itself marks as bad is never returned. A text that is no list is returned as it is.
    """
    value = nested_value(text)
    if not isinstance(value, list):
        return text
    answers = [(answer, _score(item)) for item in value if (answer := _answer(item))]
    return max(answers, key=lambda pair: pair[1])[0] if answers else None


def _answer(item: Any) -> str | None:
    if isinstance(item, dict) and any(is_marked_bad(name, said) for name, said in item.items()):
        return None
    return _text(item)


def _text(item: Any) -> str | None:
    if not isinstance(item, dict):
        return item.strip() or None if isinstance(item, str) else None
    found = next((item[key] for key in _TEXTS if isinstance(item.get(key), str)), None)
    return found.strip() or None if found else None


def _score(item: Any) -> float:
    """The first number by which an answer is rated; ranks count backwards."""
    for name, said in item.items() if isinstance(item, dict) else ():
        number = None if isinstance(said, bool) else number_of(str(said))
        if number is None:
            continue
        if named(name, frozenset({"rank", "ranking"})):
            return -number
        mark = mark_named(name)
        if mark and mark.is_rating:
            return number if mark.sense is Sense.GOOD else -number
    return float("-inf")
