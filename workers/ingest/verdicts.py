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
    ABOUT_ROW,
    BAD,
    BAD_NAMES,
    COUNTED,
    GOOD,
    GOOD_NAMES,
    HEADS,
    LEVELS,
    LOOSE_NAMES,
    MIDDLE,
    NEGATIONS,
    NO,
    OTHER_MEASURES,
    RATING_NAMES,
    YES,
    YES_NO_PREFIXES,
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
    is like, so that it counts for classification too."""

    sense: Sense
    is_rating: bool = False
    is_loose: bool = False
    is_about_row: bool = False
    is_time: bool = False
    """A time at which the row was taken away: any is a mark (`deleted_at`)."""


@lru_cache(maxsize=4096)
def mark_named(name: str) -> Mark | None:
    """Return how a column of this name, or the field of an object that it comes from, marks its rows; None for no mark."""
    name = name.rpartition(".")[2]
    words = [plain(word) for word in re.split(r"[\W_]+", _CAMEL.sub(" ", name)) if word]
    flipped = bool(NEGATIONS & set(words)) and plain(name) not in BAD_NAMES | GOOD_NAMES
    said = _marking_words(plain(name), [word for word in words if word not in NEGATIONS])
    if OTHER_MEASURES & set(words):
        return None
    if len(words) == 2 and words[1] == "at" and words[0] in BAD_NAMES:
        return Mark(Sense.BAD, is_time=True)
    if said[0] in GOOD_NAMES:
        said = said[:1]
    for sense, names in ((Sense.BAD, BAD_NAMES), (Sense.GOOD, GOOD_NAMES | RATING_NAMES)):
        if found := [word for word in said if word in names]:
            if flipped:
                sense = Sense.GOOD if sense is Sense.BAD else Sense.BAD
            return Mark(
                sense,
                is_rating=any(word in RATING_NAMES | COUNTED for word in said),
                is_loose=all(word in LOOSE_NAMES for word in found),
                is_about_row=any(word in ABOUT_ROW for word in found),
            )
    return None


def _marking_words(folded: str, words: list[str]) -> list[str]:
    """The words of a name that may say what it marks: the whole name, its last word, the word before a general one
    (`toxicity_score`), and every word after “is” (`is_good_answer`)."""
    said = [folded]
    said += [folded.removeprefix(prefix) for prefix in YES_NO_PREFIXES if folded.startswith(prefix)]
    if not words:
        return said
    if words[0] in ("is", "was", "has", "are", "should"):
        return [*said, *words[1:]]
    said.append(words[-1])
    while len(words) > 1 and words[-1] in HEADS:
        words = words[:-1]
        said.append(words[-1])
    return said


def verdict(mark: str, sense: Sense = Sense.GOOD, *, levels: bool = True) -> bool | None:
    """Return whether a mark calls its row good; None when it says neither. `levels`: high and low count."""
    word = re.sub(r"\s+|(?<=\w)-(?=\w)", "_", mark.strip().casefold())
    if word in YES or word in NO:
        return (word in YES) is (sense is Sense.GOOD)
    if word in LEVELS and not levels:
        return None
    if word in GOOD or word in MIDDLE or word in BAD:
        return word not in BAD
    denied = _DENIED.fullmatch(word)
    if denied and denied[1] in GOOD | BAD:
        return denied[1] in BAD
    return None


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read: `middle` parts the numbers of a scale, None where they are no scale."""

    name: str
    mark: Mark
    middle: float | None = None

    def is_good(self, cell: str) -> bool | None:
        """Return what a cell says of its row; None when it says neither."""
        if self.mark.is_time:
            return False
        if cell.lstrip()[:1] == "{":
            return not is_marked_bad(self.name, nested_value(cell))
        number = number_of(cell)
        if self.middle is None or number is None:
            return verdict(cell, self.mark.sense, levels=not self.mark.is_loose)
        return number >= self.middle if self.mark.sense is Sense.GOOD else number < self.middle


def reading_of(name: str, numbers: Iterable[float]) -> Reading:
    """Return how a column is read that holds these numbers, among other values.

    0, 1 and -1 are no and yes. Where some are below 0, those are bad; else the lower half of the usual scale is (1 and 2 of
    5 stars).
    """
    mark = mark_named(name) or Mark(Sense.GOOD)
    different = set(numbers)
    if different <= {-1.0, 0.0, 1.0}:
        return Reading(name, mark)
    if min(different) < 0:
        return Reading(name, mark, 0.0)
    most = max(different)
    is_whole = most == int(most) and most > 1
    top = next((top for top in _SCALE_TOPS if most <= top and not is_whole), 10 if 7 < most <= 10 else most)
    return Reading(name, mark, top / 2)


def number_of(cell: str) -> float | None:
    """Return the number that a cell holds, as in `4`, `4 of 5`, `4/5`, `4 stars` and `★★★★☆`, if it holds one."""
    if found := _NUMBER.fullmatch(cell):
        return float(found["number"])
    return float(cell.count("★") + cell.count("⭐")) if _STARS.fullmatch(cell) else None


def is_marked_bad(name: str, value: object) -> bool:
    """Whether a field of a single turn calls it bad: {"rating": "bad"}, {"mask": true}, {"feedback": {"score": -1}}."""
    if isinstance(value, dict):
        return any(is_marked_bad(inner, said) for inner, said in value.items() if not isinstance(said, dict))
    mark = mark_named(name) if isinstance(value, str | bool | int | float) else None
    if mark is None or mark.is_loose:
        return False
    number = None if isinstance(value, bool) else number_of(str(value))
    if number is not None and mark.is_rating:
        return number < 0 and mark.sense is Sense.GOOD
    return verdict(str(value), mark.sense) is False


def is_rated(name: str, value: object) -> bool:
    """Whether a field of a turn rates it by a number, of which only its file knows how much is good."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    mark = mark_named(name)
    if mark is None or not mark.is_rating:
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
