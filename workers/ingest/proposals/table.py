"""The columns of a table with sample rows, and what they look like: texts, numbers, labels, languages."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from workers.contracts.job_kinds.importing import Column
from workers.contracts.roles import Role
from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.contracts.words import UNSPACED, words
from workers.ingest import vocabulary
from workers.ingest.languages import asked, could_translate, language_of, languages_differ, sentences_differ
from workers.ingest.name_parts import Side, is_right_answer, side_of_name
from workers.ingest.verdicts import Reading
from workers.ingest.vocabulary import language_of_name, named

_MACHINE_MADE = re.compile(
    rf"[^\s{UNSPACED}]*\d[^\s{UNSPACED}]*|https?://\S+|[-+\d.,:/ ]+|[\[{{].*[\]}}]|(CC[ -]BY\b|©|Copyright\b).*",
    re.DOTALL,
)
"""Numbers, addresses, identifiers, nested values, and under which licence a row stands."""


_LEAST_PASSAGE = 20
"""Characters of a text to read, on average, where the same ones repeat."""


@dataclass(frozen=True)
class Found:
    """What a rule found. `task` None: nothing can be proposed, and `why` says the reason."""

    task: Task | None
    roles: dict[str, Role]
    why: list[Text]


def _looks_nested(text: str) -> bool:
    """Whether a text begins and ends like a list or an object; “[deleted]” is what forums leave of a text."""
    text = text.strip()
    return (
        bool(text)
        and text[0] + text[-1] in ("[]", "{}")
        and text.casefold() not in ("[deleted]", "[removed]")
    )


@dataclass
class Table:
    """Columns with sample rows; `texts` are the columns that hold written text, in order."""

    columns: list[Column]
    sample: Sequence[dict[str, str]]
    rows: int

    marking: dict[Task, list[tuple[Column, Reading]]] = field(default_factory=dict, init=False)
    """What `marked_rows` found for each task."""
    _cells: dict[str, list[str]] = field(default_factory=dict, init=False)
    _nested: dict[str, bool] = field(default_factory=dict, init=False)
    _machine_made: dict[str, bool] = field(default_factory=dict, init=False)

    def values(self, name: str, limit: int = 300) -> list[str]:
        if name not in self._cells:
            self._cells[name] = [row[name] for row in self.sample if name in row]
        return self._cells[name][:limit]

    def different(self, name: str, limit: int = 300) -> list[str]:
        """Different values: a table of few answers that repeat says no more by repeating them."""
        return list(dict.fromkeys(self.values(name, limit)))

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def first(self, *vocabularies: frozenset[str], but: Iterable[str | None] = ()) -> str | None:
        """The first usable column whose name is in the first vocabulary that names any."""
        left_out = set(but)
        for names in vocabularies:
            for column in self.columns:
                if column.name not in left_out and named(column.name, names) and self.is_usable(column):
                    return column.name
        return None

    def first_of_side(self, side: Side, *, but: Iterable[str | None] = ()) -> str | None:
        """The first column of written texts whose name of several words says that it is a question or an answer; of
        several answers the one that is called right."""
        left_out = set(but)
        names = [
            column.name
            for column in self.columns
            if column.name not in left_out
            and side_of_name(column.name) == side
            and self.is_usable(column)
            and not self.is_machine_made(column.name)
            and not self.is_label_like(column)
        ]
        return next(filter(is_right_answer, names), names[0] if names else None)

    def is_usable(self, column: Column) -> bool:
        return column.filled > 0.2 * self.rows and not column.is_messages and not self.is_nested(column.name)

    def is_nested(self, name: str) -> bool:
        """Whether most cells hold a list or an object, whose JSON text is nothing to learn."""
        if name not in self._nested:
            values = self.values(name, 100)
            nested = sum(map(_looks_nested, values))
            self._nested[name] = nested * 2 > len(values)
        return self._nested[name]

    @cached_property
    def texts(self) -> list[str]:
        return [column.name for column in self.columns if self._is_text(column)]

    def _is_text(self, column: Column) -> bool:
        if not self.is_usable(column) or named(column.name, vocabulary.METADATA | vocabulary.REJECTED):
            return False
        if column.mean_length < 8 and language_of_name(column.name) is None:
            values = self.values(column.name)
            if not values or column.distinct < 0.5 * column.filled or not any(" " in v for v in values):
                return bool(
                    language_of(values) in ("zh", "ja", "ko") and column.distinct > 0.5 * column.filled
                )
        return not self.is_machine_made(column.name)

    def is_written(self, column: Column) -> bool:
        """Whether people wrote the cells, whatever the column is called and however few rows have one."""
        values = self.values(column.name)
        several = sum(len(words(value)) > 1 for value in values)
        return several * 2 > len(values) and not self.is_machine_made(column.name)

    def is_passage(self, name: str) -> bool:
        """Whether a column holds texts to read, or lists of them, and not names or keywords (`table`: orders)."""
        column = self.column(name)
        if self.is_nested(name):
            return True
        return self.is_written(column) and (
            column.mean_length >= _LEAST_PASSAGE or not self.is_label_like(column)
        )

    def is_machine_made(self, name: str) -> bool:
        """Numbers, addresses and identifiers: no white space, or nothing but digits and signs."""
        if name not in self._machine_made:
            values = self.values(name, 100)
            odd = sum(bool(_MACHINE_MADE.fullmatch(value)) for value in values)
            self._machine_made[name] = odd > 0.7 * len(values)
        return self._machine_made[name]

    def reads_as_text(self, name: str) -> bool:
        values = self.values(name, 100)
        texts = sum(not re.match(r"[\d.]+$|[\[{]", value) for value in values)
        return texts > 0.8 * len(values)

    def languages_differ(self, first: str, second: str) -> bool:
        """Whether two columns are in different languages, as far as at least three different texts of each tell."""
        texts = self.different(first), self.different(second)
        return min(map(len, texts)) >= 3 and languages_differ(*texts)

    def are_in_two_languages(self, first: str, second: str) -> bool:
        """Whether two columns hold whole sentences in what seem to be different languages."""
        texts = self.different(first), self.different(second)
        return min(map(len, texts)) >= 3 and sentences_differ(*texts)

    def asks(self, name: str) -> float:
        """Which share of a column's texts ends with a question mark."""
        return asked(self.different(name))

    def could_translate(self, text: str, translated: str) -> bool:
        """Whether one column of written text may be the other in another language; see `languages.could_translate`."""
        rows = [(row[text], row[translated]) for row in self.sample if text in row and translated in row]
        first, second = zip(*rows[:300], strict=True) if rows else ((), ())
        return (
            all(
                self.reads_as_text(name)
                and not self.is_machine_made(name)
                and not self.is_label_like(self.column(name))
                for name in (text, translated)
            )
            and len(set(first)) > 2
            and could_translate(first, second)
        )

    def is_much_shorter(self, short: str, long: str) -> bool:
        return (
            self.column(long).mean_length > 400
            and self.column(short).mean_length < 0.35 * self.column(long).mean_length
        )

    def is_label_like(self, column: Column) -> bool:
        """Few distinct short values that repeat."""
        return (
            2 <= column.distinct <= min(1000, max(2, column.filled // 3))
            and column.mean_length <= 40
            and column.max_length <= 100
            and self.is_usable_label(column)
        )

    def is_usable_label(self, column: Column) -> bool:
        """As `is_usable`; lists of labels are taken too, of which each row may hold one."""
        return column.filled > 0.2 * self.rows and not column.is_messages and not self._is_object(column.name)

    def _is_object(self, name: str) -> bool:
        values = self.values(name, 100)
        return sum("{" in value for value in values if value.lstrip()[:1] in ("[", "{")) * 2 > len(values)
