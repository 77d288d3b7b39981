"""Rows that hold several turns or pairs in columns of their own: `user_1`, `bot_1`, `user_2`, and `question_en`, `answer_en`,
`question_de`, `answer_de`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workers.contracts.job_kinds.importing import Column
from workers.contracts.texts import Text
from workers.contracts.words import words
from workers.ingest import vocabulary
from workers.ingest.conversations import canonical
from workers.ingest.conversations.speakers import is_speaker, role_of
from workers.ingest.name_parts import side_of_name
from workers.ingest.proposals.table import Table
from workers.ingest.vocabulary import LANGUAGES, named, plain

Row = dict[str, str | None]
Cells = Iterator[tuple[int, Row]]
Sample = Sequence[dict[str, str]]

_FILLERS = frozenset({"turn", "round", "message", "msg", "utterance", "text", "轮"})
_PLACED = vocabulary.SYSTEM | vocabulary.METADATA | vocabulary.HEADING
"""Columns of texts that may stand beside the turns of a conversation."""
_LEAST_PASSAGE = 20
"""Characters, on average, of a text that the turns may be about."""
_NAMED = 6


def _parts(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W\d_]+|\d+", spaced)


def _turn(name: str) -> tuple[int, str] | None:
    """The number of a turn and who speaks: `user_2`, “Turn 1 Assistant”. A name without a number is the first."""
    parts = [part.casefold() for part in _parts(name)]
    numbers = [int(part) for part in parts if part.isdecimal()]
    speakers = [part for part in parts if not part.isdecimal() and part not in _FILLERS]
    if len(speakers) != 1 or len(numbers) > 1 or not is_speaker(speakers[0]):
        return None
    role = role_of(speakers[0])
    return (numbers[0] if numbers else 1, role) if role in ("user", "assistant") else None


@dataclass(frozen=True)
class WideTurns:
    """The columns of a conversation in the order in which they are said, each with who speaks."""

    roles: dict[str, str]

    def convert(self, cells: Row) -> Row:
        turns = [
            {"role": role, "content": cells[name]} for name, role in self.roles.items() if cells.get(name)
        ]
        rest = {name: text for name, text in cells.items() if name not in self.roles}
        return {"messages": canonical(turns) if turns else None, **rest}

    @property
    def note(self) -> Text:
        held = list(self.roles)[:_NAMED]
        return Text("reshaping.turns_in_columns", columns=held)


def wide_turns(columns: Sequence[Column], sample: Sample) -> WideTurns | None:
    """Return the numbered turns of a table with a conversation a row, or None."""
    filled = [column for column in columns if column.filled]
    turns = {column.name: turn for column in filled if (turn := _turn(column.name))}
    ordered = sorted(turns, key=lambda name: turns[name][0])
    roles = {name: turns[name][1] for name in ordered}
    if len({any(map(str.isdecimal, _parts(name))) for name in turns if turns[name][0] == 1}) > 1:
        return None  # Beside `user_1`, `bot` is not the first of several.
    if len(set(turns.values())) < len(turns) or not _take_turns(list(turns.values()), list(roles.values())):
        return None
    table = Table(filled, sample, max(column.filled for column in filled))
    others = [column for column in filled if column.name not in turns]
    if any(
        column.name == "messages" or column.is_messages or _is_passage(table, column) for column in others
    ):
        return None
    return WideTurns(roles) if _are_written(table, ordered) and _follow(sample, ordered) else None


def _take_turns(turns: Sequence[tuple[int, str]], roles: Sequence[str]) -> bool:
    numbers = sorted({number for number, _ in turns})
    is_whole = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False
    return is_whole and len(numbers) > 1 and len(roles) > 2 and all(a != b for a, b in pairwise(roles))


def _is_passage(table: Table, column: Column) -> bool:
    """Whether a column holds texts that several people and models may have written the others for."""
    if named(column.name, _PLACED):
        return False
    asked = vocabulary.QUESTION | vocabulary.INSTRUCTION | vocabulary.ANSWER | vocabulary.SUMMARY
    return named(column.name, asked) or (table.is_written(column) and column.mean_length >= _LEAST_PASSAGE)


def _are_written(table: Table, names: Sequence[str]) -> bool:
    values = [value for name in names for value in table.values(name, 100)]
    return sum(len(words(value)) > 1 for value in values) * 2 > len(values) and not any(
        map(table.is_machine_made, names[:2])
    )


def _follow(sample: Sample, names: Sequence[str]) -> bool:
    """Whether nearly all rows have no turn after an empty one."""
    held = [[name in row for name in names] for row in sample]
    return sum(row == sorted(row, reverse=True) for row in held) > 0.9 * len(held)


@dataclass(frozen=True)
class LanguagePairs:
    """By language, which column of a table is which one of a row: {"en": {"question": "question_en", …}, …}."""

    columns: dict[str, dict[str, str]]

    def rows(self, table: Cells) -> Cells:
        """Yield a row for each language of a row that says something in it."""
        every = {name for names in self.columns.values() for name in names.values()}
        for line, cells in table:
            rest = {name: text for name, text in cells.items() if name not in every}
            language = "language_" if "language" in rest else "language"
            for code, names in self.columns.items():
                said: Row = {stem: cells.get(name) for stem, name in names.items()}
                if any(said.values()):
                    yield line, {**said, language: code or None, **rest}

    @property
    def note(self) -> Text:
        held = [name for names in self.columns.values() for name in names.values()]
        return Text("reshaping.languages_in_columns", languages=len(self.columns), columns=held)


def language_pairs(columns: Sequence[Column], sample: Sample) -> LanguagePairs | None:
    """Return the questions and answers of a table that has each in several languages, or None."""
    by_stem: dict[str, dict[str, str]] = {}
    for column in columns:
        if column.filled and not column.is_messages:
            stem, code = _stem_and_language(column.name)
            by_stem.setdefault(stem, {}).setdefault(code, column.name)
    asked = _first(by_stem, lambda stem: named(stem, _ASKED) or side_of_name(stem) == "question")
    answered = _first(by_stem, lambda stem: named(stem, _ANSWERED) or side_of_name(stem) == "answer")
    if not asked or not answered:
        return None
    codes = [code for code in by_stem[asked] if code in by_stem[answered]]
    if len(codes) < 2:
        return None
    table = Table(list(columns), sample, max(column.filled for column in columns))
    if not all(table.reads_as_text(by_stem[stem][code]) for stem in (asked, answered) for code in codes):
        return None
    stems = [stem for stem, held in by_stem.items() if all(code in held for code in codes)]
    return LanguagePairs({code: {stem: by_stem[stem][code] for stem in stems} for code in codes})


_ASKED = vocabulary.QUESTION | vocabulary.INSTRUCTION
_ANSWERED = vocabulary.ANSWER | vocabulary.GOOD_ANSWER


def _first(by_stem: Mapping[str, dict[str, str]], holds: Callable[[str], bool]) -> str | None:
    return next((stem for stem, held in by_stem.items() if len(held) > 1 and holds(stem)), None)


def _stem_and_language(name: str) -> tuple[str, str]:
    """`question_de` and `German question` are a question in German; a name without a language stands for itself."""
    parts = [part for part in re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)) if part]
    for at in (-1, 0):
        if len(parts) > 1 and (code := LANGUAGES.get(plain(parts[at]))):
            return "_".join(parts[:at] or parts[1:]).casefold(), code
    return name.casefold(), ""
