"""Marks that say whether a row or an answer is a good one, as feedback and KTO files have them, and weights of rows.

A mark is read by the name of its column as well: yes is good under `approved` and bad under `toxic`, and 1 is yes under
`accepted` and the lowest of five stars under `rating`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from workers.ingest.literals import nested_value
from workers.ingest.mark_words import (
    ABOUT_ANSWERS,
    ABOUT_ROW,
    BAD,
    BAD_NAMES,
    COUNTED,
    COUNTS,
    ERROR_FLAGS,
    GOOD,
    GOOD_NAMES,
    HEADS,
    LEVELS,
    LOOSE_NAMES,
    MIDDLE,
    NEGATIONS,
    NO,
    NO_MARK,
    NO_QUESTIONS,
    OTHER_MEASURES,
    POLARITY,
    QUESTIONS,
    RATING_NAMES,
    SIGNS,
    TAGS,
    TAKEN_AWAY,
    UNCHECKED,
    UNPOLAR,
    YES,
    YES_NO_PREFIXES,
    YES_OR_NO,
)
from workers.ingest.vocabulary import plain

WEIGHT_NAMES = re.compile(
    r"(sample|row|example|instance|training|loss)?weights?|gewichte?|gewichtung|poids|pesos?|权重|样本权重|重み|вес"
)
"""Columns that say how much a row counts, by their folded names."""
_DENIED = re.compile(r"(?:not|non|no|nicht|pas|sin|非|无|不)_?(.+)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = re.compile(
    r"\s*(?P<number>[-+]?(?:\d{1,15}(?:\.\d*)?|\.\d+)(?:e[-+]?\d{1,2})?)\s*(?:(?:/|of|von|out of)\s*\d+|%|stars?|points?|sterne?|punkte?|星|分|颗星|★|⭐)?\s*",
    re.IGNORECASE,
)
_LONGEST_NUMBER = 60
"""Characters: what is longer is a text, over which the pattern would take long."""
_STARS = re.compile(r"\s*[★⭐]+[☆\ufe0f]*\s*")
_SCALE_TOPS = (1, 5, 10)
"""Of scales whose numbers are no whole ones. The top of others is their highest number (5 of 5 stars, 40 votes)."""


class Sense(Enum):
    """What a yes means in a column."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Mark:
    """What the name of a column says of its cells. `is_rating`: numbers are degrees. `is_loose`: the name is used for
    much else, so that its values must be plain. `is_about_row`: the mark is on the row or its label, not on what the text
    is like, so that it counts for classification too. `is_doubtful`: it may be a mark on something else
    (`customer_status`), or say which rows are not checked yet (`needs_review`), so that a person must choose it."""

    sense: Sense
    is_rating: bool = False
    is_loose: bool = False
    is_about_row: bool = False
    is_doubtful: bool = False
    is_time: bool = False
    """When, by whom or why the row was taken away: any is a mark (`deleted_at`, `rejected_by`)."""
    no_questions: bool = False
    """Yes and no say nothing."""
    no_polarity: bool = False
    """Positive and negative say nothing."""
    is_yes_or_no: bool = False
    """Other words than yes and no say nothing."""
    is_error: bool = False
    """Of a turn or a part of it: whether what it says is an error."""


@lru_cache(maxsize=4096)
def mark_named(name: str) -> Mark | None:
    """Return how a column of this name, or the field of an object that it comes from, marks its rows; None for no mark."""
    name = name.rpartition(".")[2]
    words = [plain(word) for word in re.split(r"[\W_]+", _CAMEL.sub(" ", name)) if word]
    flipped = bool(NEGATIONS & set(words)) and plain(name) not in BAD_NAMES | GOOD_NAMES
    said = _marking_words(plain(name), [word for word in words if word not in NEGATIONS])
    if OTHER_MEASURES & set(words):
        return None
    if len(words) == 2 and _says_taken_away(*words):
        return Mark(Sense.BAD, is_time=True)
    if said[0] in GOOD_NAMES:
        said = said[:1]
    is_whole = any(word in GOOD_NAMES | BAD_NAMES | RATING_NAMES for word in _whole(plain(name)))
    if not is_whole and _says_unchecked(plain(name), words):
        return Mark(Sense.BAD, is_about_row=True, is_doubtful=True)
    for sense, names in ((Sense.BAD, BAD_NAMES), (Sense.GOOD, GOOD_NAMES | RATING_NAMES)):
        if found := [word for word in said if word in names]:
            if flipped:
                sense = Sense.GOOD if sense is Sense.BAD else Sense.BAD
            return Mark(
                sense,
                is_rating=any(word in RATING_NAMES | COUNTED for word in said),
                is_loose=all(word in LOOSE_NAMES for word in found),
                is_about_row=any(word in ABOUT_ROW for word in found),
                is_doubtful=plain(name) == "decision" or (not is_whole and not _is_about_answers(words)),
                no_questions=all(word in NO_QUESTIONS for word in found),
                no_polarity=all(word in UNPOLAR for word in found),
                is_error=plain(name) in ERROR_FLAGS,
                is_yes_or_no=all(word in YES_OR_NO for word in found),
            )
    return None


def _says_taken_away(first: str, last: str) -> bool:
    if last == "at":
        return first in BAD_NAMES
    return last in ("by", "reason", "of", "since") and first in TAKEN_AWAY


def _whole(folded: str) -> list[str]:
    """A folded name as it is, and without what makes a question of it (`是否有害`)."""
    return [folded, *(folded.removeprefix(prefix) for prefix in YES_NO_PREFIXES if folded.startswith(prefix))]


def _is_about_answers(words: list[str]) -> bool:
    """Whether no word of a mark's name is about anything but the row, the answer or the label."""
    known = ABOUT_ANSWERS | HEADS | NEGATIONS | GOOD_NAMES | BAD_NAMES | RATING_NAMES
    if words[0] in QUESTIONS:
        known -= COUNTS
    return all(word in known for word in words)


def _says_unchecked(folded: str, words: list[str]) -> bool:
    """Whether a name says which rows are not checked yet (`needs_review`). Yes is never a good mark under it."""
    if len(words) == 1:
        return any(word in UNCHECKED and len(word) > 2 for word in _whole(folded))
    return bool(UNCHECKED & set(words)) and bool((GOOD_NAMES | BAD_NAMES) & set(words))


def _marking_words(folded: str, words: list[str]) -> list[str]:
    """The words of a name that may say what it marks: the whole name, its last word, the word before a general one
    (`toxicity_score`), and every word after “is” (`is_good_answer`)."""
    said = _whole(folded)
    if not words:
        return said
    if words[0] in QUESTIONS:
        return [*said, *words[1:]]
    said.append(words[-1])
    while len(words) > 1 and words[-1] in HEADS:
        words = words[:-1]
        said.append(words[-1])
    return said


def folded_mark(mark: str) -> str:
    """Return a mark in the form in which the tables of words hold it."""
    return re.sub(r"\s+|(?<=\w)-(?=\w)", "_", mark.strip().casefold())


def is_no_mark(cell: str) -> bool:
    """Whether a cell says nothing at all: empty, null, N/A."""
    return not cell.strip() or cell.strip().casefold() in NO_MARK


def verdict(mark: str, sense: Sense = Sense.GOOD) -> bool | None:
    """Return whether a mark calls its row good; None when it says neither."""
    word = folded_mark(mark)
    if word in YES or word in NO:
        return (word in YES) is (sense is Sense.GOOD)
    if word in LEVELS | POLARITY and word in GOOD | BAD:
        return (word in GOOD) is (sense is Sense.GOOD)
    if word in GOOD or word in MIDDLE or word in BAD:
        return word not in BAD
    denied = _DENIED.fullmatch(word)
    if denied and denied[1] in GOOD | BAD:
        return denied[1] in BAD
    return None


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read: `middle` parts the numbers of a scale, None where they are no scale.
    `is_strict`: no person chose the column as a mark, so that words count only where they are plain under its name.
    `zero_is_bad`: its cells are objects whose ratings are 0 and 1 alone."""

    name: str
    mark: Mark
    middle: float | None = None
    is_strict: bool = False
    zero_is_bad: bool = False

    def is_good(self, cell: str) -> bool | None:
        """Return what a cell says of its row; None when it says neither."""
        if is_no_mark(cell):
            return None
        if self.mark.is_time:
            return False
        if cell.lstrip()[:1] == "{":
            return not is_marked_bad(self.name, nested_value(cell), zero_is_bad=self.zero_is_bad)
        if not self.is_strict and (cell.lstrip()[:1] == "[" or plain(self.name) in TAGS):
            said = {verdict(item, self.mark.sense) for item in listed_marks(cell)}
            return False if False in said else True if True in said else None
        number = number_of(cell)
        if self.middle is not None and number is not None:
            return number >= self.middle if self.mark.sense is Sense.GOOD else number < self.middle
        if self.is_strict and self._is_vague(folded_mark(cell)):
            return None
        return verdict(cell, self.mark.sense)

    def _is_vague(self, word: str) -> bool:
        if self.mark.is_yes_or_no and word not in YES | NO:
            return True
        if self.mark.no_questions and word in YES | NO:
            return word not in SIGNS
        if self.mark.no_polarity and word in POLARITY:
            return True
        return self.mark.is_loose and word in LEVELS


def reading_of(
    name: str, numbers: Iterable[float], *, inner: Iterable[float] = (), is_strict: bool = False
) -> Reading:
    """Return how a column is read that holds these numbers, among other values; `inner` are the ratings in its objects.

    0 and 1 are no and yes, -1 and 1 too. Where some are below 0, those alone are bad; else the lower half of the usual scale is (1 and 2 of
    5 stars).
    """
    mark = mark_named(name) or Mark(Sense.GOOD)
    different = set(numbers)
    if different <= {0.0, 1.0} or (different <= {-1.0, 0.0, 1.0} and mark.sense is Sense.BAD):
        return Reading(name, mark, is_strict=is_strict, zero_is_bad=set(inner) == {0.0, 1.0})
    if min(different) < 0:
        return Reading(name, mark, 0.0, is_strict)
    most = max(different)
    is_whole = most == int(most) and most > 1
    top = next((top for top in _SCALE_TOPS if most <= top and not is_whole), 10 if 7 < most <= 10 else most)
    return Reading(name, mark, top / 2, is_strict)


def number_of(cell: str) -> float | None:
    """Return the number that a cell holds, as in `4`, `4 of 5`, `4/5`, `4 stars` and `★★★★☆`, if it holds one."""
    cell = cell.strip()
    if len(cell) > _LONGEST_NUMBER:
        return None
    if found := _NUMBER.fullmatch(cell):
        return float(found["number"])
    return float(cell.count("★") + cell.count("⭐")) if _STARS.fullmatch(cell) else None


def ratings_in(cell: str) -> list[float]:
    """Return the numbers by which an object rates its row: {"score": 0, "comment": "…"}."""
    value = nested_value(cell) if cell.lstrip()[:1] == "{" else None
    if not isinstance(value, dict):
        return []
    rated = [
        said
        for name, said in value.items()
        if (mark := mark_named(name)) and mark.is_rating and mark.sense is Sense.GOOD
    ]
    return [
        number
        for said in rated
        if not isinstance(said, bool) and (number := number_of(str(said))) is not None
    ]


def listed_marks(cell: str) -> list[str]:
    """Return the words of a list of marks, which may be objects with a label each."""
    value = nested_value(cell)
    items = value if isinstance(value, list) else re.split(r"[,;|]", cell) if value is None else []
    said = [item.get("label") or item.get("value") if isinstance(item, dict) else item for item in items]
    return [item for item in said if isinstance(item, str)]


def is_marked_bad(name: str, value: object, *, zero_is_bad: bool = False) -> bool:
    """Whether a field of a single turn calls it bad: {"rating": "bad"}, {"mask": true}, {"feedback": {"score": -1}}."""
    if isinstance(value, dict):
        return any(
            is_marked_bad(inner, said, zero_is_bad=zero_is_bad)
            for inner, said in value.items()
            if not isinstance(said, dict)
        )
    mark = mark_named(name) if isinstance(value, str | bool | int | float) else None
    if mark and mark.is_error:
        return value is True or (name.casefold() != "error" and folded_mark(str(value)) in YES)
    if mark is None or mark.is_loose or mark.is_doubtful:
        return False
    number = None if isinstance(value, bool) else number_of(str(value))
    if number is not None and mark.is_rating:
        return (number < 0 or (zero_is_bad and number == 0)) and mark.sense is Sense.GOOD
    return verdict(str(value), mark.sense) is False


def is_rated(name: str, value: object) -> bool:
    """Whether a field of a turn rates it by a number, of which only its file knows how much is good."""
    if isinstance(value, dict):
        return any(is_rated(inner, said) for inner, said in value.items() if not isinstance(said, dict))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    mark = mark_named(name)
    if mark is None or not mark.is_rating or mark.is_doubtful:
        return False
    number = number_of(str(value))
    return number is not None and number not in (1, -1)


def is_weight_column(name: str) -> bool:
    """Whether a column, or the field of an object that it comes from, is named like the weight of a row."""
    return WEIGHT_NAMES.fullmatch(plain(name.rpartition(".")[2])) is not None


def is_no_weight(text: str) -> bool:
    """Whether a cell gives its row no weight at all: 0, or false."""
    if text.strip().casefold() == "false":
        return True
    try:
        return float(text) == 0
    except ValueError:
        return False
