"""Columns that mark rows as good or bad: which of them are followed, and what is said of the others."""

import re
from collections.abc import Iterable, Sequence

from workers.contracts.job_kinds.importing import Column
from workers.contracts.roles import Role
from workers.contracts.tasks import Task
from workers.ingest import vocabulary
from workers.ingest.mark_words import (
    BAD,
    FEEDBACK_OBJECTS,
    GOOD,
    LEVELS,
    OF_PREDICTIONS,
    OTHER_MEASURES,
    POLARITY,
    TAGGED_BAD,
    TAGS,
    TURN_MASKS,
)
from workers.ingest.proposals.table import Table
from workers.ingest.verdicts import (
    Mark,
    Reading,
    folded_mark,
    is_no_mark,
    listed_marks,
    mark_named,
    number_of,
    ratings_in,
    reading_of,
)
from workers.ingest.vocabulary import named, plain

_MOST_MARKS = 50
_ANNOTATION = frozenset({"accept", "reject", "ignore"})
"""What Prodigy writes under “answer” of a labelled text."""
_OF_ONE_ANSWER = re.compile(r"(chosen|rejected|winner|loser|[ _.-][abjk01])$")
"""Ends of names of marks that are about one of several answers, not about the row."""
_REVIEWS = ("review", "annot", "label", "moderat", "qa", "check", "审核", "标注", "prüf", "revis")
"""In the names of loose marks (`review_status`) that are about the row, and not what the text is like."""
_PREDICTIONS = re.compile(
    r"(model|y|llm|gpt|old)?(pred|preds|prediction|predictions|predicted|predictedlabel|predlabel)|预测|预测标签|vorhersage"
)
_OTHER_SCALES = frozenset({"hd", "sd", "uhd", "4k", "pg", "pg-13", "r", "g", "a", "b", "c", "d", "e"})
"""Of films, pictures and options to choose from."""
_GRADE_NAMES = frozenset({"grade", "grades"})
_SCHOOL_GRADES = re.compile(
    r"[a-f][+-]?|(pre-?)?k|(grade|year|class|form|level)?\s*\d{1,2}(st|nd|rd|th)?(\s*(grade|year|class))?|(fresh|sopho|junior|senior)\w*",
    re.IGNORECASE,
)
"""Marks of pupils and years of a school, which say nothing of a row."""


def marking_columns(table: Table, task: Task) -> list[tuple[Column, Reading]]:
    """Return the columns that call some rows bad, the clearest name first, each with how it is read."""
    if task not in table.marking:
        found = [
            (column, reading)
            for column in table.columns
            if (reading := _reading(table, column, task))
            and not reading.mark.is_doubtful
            and not _is_about_prediction(table, column)
            and _calls_some_bad(values_of(table, column), reading, has_blanks=column.filled < table.rows)
        ]
        table.marking[task] = sorted(found, key=lambda pair: (pair[1].mark.is_loose, pair[1].mark.is_rating))
    return table.marking[task]


def _reading(table: Table, column: Column, task: Task, *, is_strict: bool = True) -> Reading | None:
    if column.is_messages or not column.filled or _OF_ONE_ANSWER.search(column.name.casefold()):
        return None
    mark, values = mark_named(column.name), values_of(table, column)
    if is_strict and _are_school_grades(column.name, values):
        return None
    if all(value.lstrip()[:1] == "{" for value in values):
        is_feedback = mark is not None or named(column.name.rpartition(".")[2], FEEDBACK_OBJECTS)
        inner = [number for value in values for number in ratings_in(value)]
        is_followed = is_feedback and not task.has_labels
        return reading_of(column.name, (), inner=inner) if is_followed else None
    if mark and mark.is_time and column.filled == table.rows:
        return None
    counts = mark is not None and (not task.has_labels or _is_about_row(column.name, mark))
    if not counts and not _is_annotation(column, values, task):
        return None
    numbers = [number for value in values if (number := number_of(value)) is not None]
    is_free = mark is None or not mark.is_time
    if (
        is_free
        and len(numbers) < len(values)
        and (column.distinct > _MOST_MARKS or len(numbers) * 2 > len(values))
    ):
        return None
    return reading_of(column.name, numbers, is_strict=is_strict)


def _is_about_prediction(table: Table, column: Column) -> bool:
    """Whether a mark says how a model did, as analyses of errors have it beside the model's prediction."""
    words = [plain(word) for word in re.split(r"[\W_]+", column.name) if word]
    return bool(OF_PREDICTIONS & {*words, plain(column.name)}) and any(
        _PREDICTIONS.fullmatch(plain(other.name)) for other in table.columns
    )


def _is_about_row(name: str, mark: Mark) -> bool:
    return mark.is_about_row and (not mark.is_loose or any(word in plain(name) for word in _REVIEWS))


def _is_annotation(column: Column, values: Sequence[str], task: Task) -> bool:
    """Whether “answer” is what an annotator said of a label that a tool offered."""
    said = {value.strip().casefold() for value in values}
    return task.has_labels and named(column.name, vocabulary.ANSWER) and said <= _ANNOTATION


def values_of(table: Table, column: Column) -> list[str]:
    """Different values that say something: all that the profile kept where the column holds few, else the sample's."""
    every = dict.fromkeys([*column.examples, *table.different(column.name, len(table.sample))])
    return [value for value in every if not is_no_mark(value)]


def _calls_some_bad(values: Sequence[str], reading: Reading, *, has_blanks: bool) -> bool:
    """Whether the marks are plain, one at least says no, and good rows are left. Degrees on a scale are plain where there
    are two of them, or where some are below 0."""
    verdicts = [reading.is_good(value) for value in values]
    unknown = verdicts.count(None)
    if False not in verdicts or not (True in verdicts or (has_blanks and not unknown)):
        return False
    if unknown > (2 if reading.mark.is_loose else len(verdicts) // 2):
        return False
    return reading.middle is None or reading.middle == 0 or len(values) == 2


def doubtful_values(table: Table, roles: dict[str, Role], task: Task) -> tuple[str, list[str]] | None:
    """The column of marks that is followed and those of its values that say neither good nor bad, if there are any."""
    name = next((name for name, role in roles.items() if role is Role.QUALITY), None)
    reading = _reading(table, table.column(name), task, is_strict=False) if name else None
    if name is None or reading is None:
        return None
    unclear = [value for value in values_of(table, table.column(name)) if reading.is_good(value) is None]
    return (name, unclear) if unclear else None


def possible_marks(table: Table, roles: dict[str, Role], task: Task) -> list[str]:
    """Columns without a role that may say which rows are bad and are not followed: their names have another noun, or say
    nothing, or they say what is not checked yet."""
    found = []
    for column in table.columns:
        if column.name in roles or not column.filled:
            continue
        values = values_of(table, column)
        if not task.has_labels and _tags_some_bad(table, column, values):
            found.append(column.name)
        if column.distinct > 10 or column.name in found:
            continue
        if any(value.lstrip()[:1] in ("{", "[") for value in values) or _are_school_grades(
            column.name, values
        ):
            continue
        reading, has_blanks = _reading(table, column, task, is_strict=False), column.filled < table.rows
        is_read = reading is not None and _may_call_some_bad(values, reading)
        if is_read or (not task.has_labels and _has_two_sides(column.name, values, has_blanks)):
            found.append(column.name)
    return found


def _tags_some_bad(table: Table, column: Column, values: Sequence[str]) -> bool:
    """Whether tags call some rows bad, and others not."""
    if not named(column.name.rpartition(".")[2], TAGS) or column.is_messages:
        return False
    said = [bool(TAGGED_BAD & set(map(folded_mark, listed_marks(value)))) for value in values]
    return True in said and (False in said or column.filled < table.rows)


def masked_columns(table: Table, roles: dict[str, Role]) -> list[str]:
    """Columns without a role whose lists say which parts of a row are learned, and leave some out."""
    return [
        column.name
        for column in table.columns
        if column.name not in roles and named(column.name, TURN_MASKS)
        and any(value.lstrip()[:1] == "[" and re.search(r"\b0\b|false", value) for value in table.values(column.name))
    ]  # fmt: skip


def _may_call_some_bad(values: Sequence[str], reading: Reading) -> bool:
    if reading.middle is not None or (reading.mark.is_doubtful and reading.mark.is_rating):
        return False
    verdicts = {reading.is_good(value) for value in values}
    return False in verdicts and None not in verdicts


def _has_two_sides(name: str, values: Sequence[str], has_blanks: bool) -> bool:
    """Whether every value is a plain word for good or bad (PASS and FAIL), or a plain one for bad beside empty cells."""
    words = {folded_mark(value) for value in values}
    if OTHER_MEASURES & {plain(word) for word in re.split(r"[\W_]+", name)} or words & (LEVELS | POLARITY):
        return False
    return bool(words & BAD) and words <= GOOD | BAD and (has_blanks or bool(words & GOOD))


def graded_columns(table: Table, roles: dict[str, Role], task: Task | None) -> list[str]:
    """Columns without a role that rate rows by numbers on a scale, which is not followed."""
    has_labels = task is not None and task.has_labels
    found = []
    for column in table.columns:
        mark = mark_named(column.name)
        if column.name not in roles and not has_labels and _rates_in_objects(table, column):
            found.append(column.name)
            continue
        if mark is None or not mark.is_rating or mark.is_loose or mark.is_doubtful or column.name in roles:
            continue
        if has_labels and not _is_about_row(column.name, mark):
            continue
        if column.distinct > 1 and is_graded(column.name, values_of(table, column)):
            found.append(column.name)
    return found


def _rates_in_objects(table: Table, column: Column) -> bool:
    """Whether objects of feedback rate their rows by more numbers than 0, 1 and -1."""
    if not named(column.name.rpartition(".")[2], FEEDBACK_OBJECTS) or not table.is_nested(column.name):
        return False
    return (
        len({number for value in table.values(column.name) for number in ratings_in(value)} - {0, 1, -1}) > 0
    )


def unread_columns(table: Table, roles: dict[str, Role], task: Task | None) -> list[tuple[str, list[str]]]:
    """Columns without a role that are named like marks, with a few short values that say neither good nor bad."""
    found = []
    for column in table.columns:
        mark = mark_named(column.name)
        if mark is None or mark.is_loose or mark.is_doubtful or column.name in roles:
            continue
        values = values_of(table, column)
        if (
            plain(column.name) == "flags"
            or named(column.name, TURN_MASKS)
            or (task is not None and task.has_labels)
            or {value.casefold() for value in values} <= _OTHER_SCALES
            or _are_school_grades(column.name, values)
        ):
            continue
        reading = reading_of(column.name, ())
        if _calls_some_bad(values, reading, has_blanks=column.filled < table.rows):
            continue
        is_unread = any(number_of(value) is None and reading.is_good(value) is None for value in values)
        if is_unread and 2 <= len(values) <= 10 and table.is_label_like(column):
            found.append((column.name, values))
    return found


def _are_school_grades(name: str, values: Sequence[str]) -> bool:
    """Whether a column of grades has words among its values, all of which schools use: A to F, 9th, Grade 10."""
    has_words = any(number_of(value) is None for value in values)
    return (
        plain(name) in _GRADE_NAMES
        and has_words
        and all(_SCHOOL_GRADES.fullmatch(value.strip()) for value in values)
    )


def is_graded(name: str, values: Iterable[str]) -> bool:
    """Whether nearly all values are numbers that are degrees."""
    texts = list(values)
    numbers = [number for value in texts if (number := number_of(value)) is not None]
    return len(numbers) > 0.9 * len(texts) and reading_of(name, numbers).middle is not None


def is_mostly_low(table: Table, name: str) -> bool:
    """Whether more than half of the rows are in the lower half of the scale, as votes are of which few have many."""
    numbers = [
        number for value in table.values(name, len(table.sample)) if (number := number_of(value)) is not None
    ]
    middle = reading_of(name, numbers).middle
    return middle is not None and sum(number < middle for number in numbers) * 2 > len(numbers)
