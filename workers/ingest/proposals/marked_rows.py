"""Columns that mark rows as good or bad: which of them are followed, and what is said of the others."""

import re
from collections.abc import Iterable, Sequence

from workers.contracts.specs import Column
from workers.contracts.task_types import Role, TaskType
from workers.ingest import vocabulary
from workers.ingest.proposals.table import Table
from workers.ingest.verdicts import Mark, Reading, mark_named, number_of, reading_of
from workers.ingest.vocabulary import named, plain

_MOST_MARKS = 50
_ANNOTATION = frozenset({"accept", "reject", "ignore"})
"""What Prodigy writes under “answer” of a labelled text."""
_OF_ONE_ANSWER = re.compile(r"(chosen|rejected|winner|loser|[ _.-][abjk01])$")
"""Ends of names of marks that are about one of several answers, not about the row."""
_REVIEWS = ("review", "annot", "label", "moderat", "qa", "check", "审核", "标注", "prüf", "revis")
"""In the names of loose marks (`review_status`) that are about the row, and not what the text is like."""


def marking_columns(table: Table, task: TaskType) -> list[tuple[Column, Reading]]:
    """Return the columns that call some rows bad, the clearest name first, each with how it is read."""
    if task not in table.marking:
        found = [
            (column, reading)
            for column in table.columns
            if (reading := _reading(table, column, task))
            and _calls_some_bad(values_of(table, column), reading)
        ]
        table.marking[task] = sorted(found, key=lambda pair: (pair[1].mark.is_loose, pair[1].mark.is_rating))
    return table.marking[task]


def _reading(table: Table, column: Column, task: TaskType) -> Reading | None:
    if column.is_messages or not column.filled or _OF_ONE_ANSWER.search(column.name.casefold()):
        return None
    mark, values = mark_named(column.name), values_of(table, column)
    if task is not TaskType.CLASSIFICATION and all(value.lstrip()[:1] == "{" for value in values):
        return reading_of(column.name, ())
    if mark and mark.is_time and column.filled == table.rows:
        return None
    counts = mark is not None and (task is not TaskType.CLASSIFICATION or _is_about_row(column.name, mark))
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
    return reading_of(column.name, numbers)


def _is_about_row(name: str, mark: Mark) -> bool:
    return mark.is_about_row and (not mark.is_loose or any(word in plain(name) for word in _REVIEWS))


def _is_annotation(column: Column, values: Sequence[str], task: TaskType) -> bool:
    """Whether “answer” is what an annotator said of a label that a tool offered."""
    said = {value.strip().casefold() for value in values}
    return task is TaskType.CLASSIFICATION and named(column.name, vocabulary.ANSWER) and said <= _ANNOTATION


def values_of(table: Table, column: Column) -> list[str]:
    """Different values: all that the profile kept where the column holds few, else those of the sample."""
    return list(dict.fromkeys([*column.examples, *table.different(column.name, len(table.sample))]))


def _calls_some_bad(values: Sequence[str], reading: Reading) -> bool:
    """Whether the marks are plain and one at least says no. Degrees on a scale are plain where there are two of them, or
    where some are below 0."""
    verdicts = [reading.is_good(value) for value in values]
    unknown = verdicts.count(None)
    most = (2 if True in verdicts else 1) if reading.mark.is_loose else len(verdicts) // 2
    if unknown > most or (unknown and True not in verdicts):
        return False
    if reading.middle is not None and not (reading.middle == 0 or len(values) == 2):
        return False
    return False in verdicts


def graded_columns(table: Table, roles: dict[str, Role], task: TaskType | None) -> list[str]:
    """Columns without a role that rate rows by numbers on a scale, which is not followed."""
    found = []
    for column in table.columns:
        mark = mark_named(column.name)
        if mark is None or not mark.is_rating or mark.is_loose or column.name in roles:
            continue
        if task is TaskType.CLASSIFICATION and not _is_about_row(column.name, mark):
            continue
        if column.distinct > 1 and is_graded(column.name, values_of(table, column)):
            found.append(column.name)
    return found


def unread_columns(
    table: Table, roles: dict[str, Role], task: TaskType | None
) -> list[tuple[str, list[str]]]:
    """Columns without a role that are named like marks, with a few short values that say neither good nor bad."""
    found = []
    for column in table.columns:
        mark = mark_named(column.name)
        if mark is None or mark.is_loose or column.name in roles or task is TaskType.CLASSIFICATION:
            continue
        values = values_of(table, column)
        reading = reading_of(column.name, ())
        if _calls_some_bad(values, reading):
            continue
        is_unread = any(number_of(value) is None and reading.is_good(value) is None for value in values)
        if is_unread and 2 <= len(values) <= 10 and table.is_label_like(column):
            found.append((column.name, values))
    return found


def is_graded(name: str, values: Iterable[str]) -> bool:
    """Whether nearly all values are numbers that are degrees."""
    texts = list(values)
    numbers = [number for value in texts if (number := number_of(value)) is not None]
    return len(numbers) > 0.9 * len(texts) and reading_of(name, numbers).middle is not None
