"""Cells that say in another form what a plain one would: Python lists, answers of SQuAD, marks of turns and labels."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.job_kinds.importing import Column
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.conversations import asked_turns, canonical, marked_answer, marked_turns
from workers.ingest.conversations.cast import SELVES, are_selves
from workers.ingest.conversations.markup import cast_of_lines, line_side, without_mark
from workers.ingest.conversations.turns import Turn, bare_turns, turns_of
from workers.ingest.literals import nested_value
from workers.ingest.nested import flattened
from workers.ingest.reshaping.label_marks import marked_labels
from workers.ingest.reshaping.several_answers import best_answer, columns_with_several
from workers.ingest.reshaping.turn_masks import turn_mask
from workers.ingest.reshaping.wide_rows import wide_turns
from workers.ingest.tables import cell_text
from workers.ingest.vocabulary import named

Row = dict[str, str | None]
Cells = Iterator[tuple[int, Row]]
Sample = Sequence[dict[str, str]]

_CHECKED = 300
_CHECKED_MARKS = 100


@dataclass
class Conversion:
    """Changes one row after another: each of `steps` takes a row's cells and returns them changed."""

    steps: list[Callable[[Row], Row]] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

    def convert(self, cells: Row) -> Row:
        for step in self.steps:
            cells = step(cells)
        return cells


def find_conversion(columns: list[Column], sample: Sample) -> Conversion | None:
    """Return what the table's cells need, or None."""
    found = Conversion()
    names = [column.name for column in columns]
    if turns := wide_turns(columns, sample):
        return Conversion([turns.convert], [turns.note])
    if mask := turn_mask(columns, sample):
        return Conversion([mask.convert], [mask.note])
    if labelled := marked_labels(columns, sample):
        found.steps.append(labelled.convert)
        found.notes.append(labelled.note)
        names = [name for name in names if name not in labelled.columns]
        columns = [column for column in columns if column.name in names]
    if several := columns_with_several(names, sample):
        found.steps.append(
            lambda cells: {
                name: best_answer(text) if name in several else text for name, text in cells.items()
            }
        )
        found.notes.append(Text("reshaping.several_answers", column=several[0]))
    if nested := [name for name in names if _is_nested_text(name, sample)]:
        found.steps.append(lambda cells: _unnested(cells, nested))
    if marked := _marked_columns(columns, sample):
        found.steps.append(lambda cells: _with_turns(cells, marked))
        found.notes.append(Text("reshaping.speakers_in_text", column=marked[0]))
        lines = (line for text in _values(sample, marked[0])[:_CHECKED_MARKS] for line in text.split("\n"))
        found.notes += [SELVES] if are_selves(cast_of_lines(lines)) else []
    elif pair := _marked_pair(columns, sample):
        found.steps.append(lambda cells: _without_marks(cells, *pair))
        found.notes.append(Text("reshaping.turn_marks_left_out", first=pair[0], second=pair[1][0]))
    return found if found.steps else None


def _values(sample: Sample, name: str) -> list[str]:
    return [row[name] for row in sample if name in row][:_CHECKED]


def _share(values: list[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, values)) / len(values) if values else 0.0


def _is_nested_text(name: str, sample: Sample) -> bool:
    """Whether at least half of a column's texts hold nested values that have a plainer form."""
    values = _values(sample, name)
    begin_nested = [text for text in values if text.lstrip()[:1] in ("[", "{")]
    if len(begin_nested) * 2 < len(values) or not values:
        return False
    changed = sum(_unnested({name: text}, [name]) != {name: text} for text in begin_nested)
    return changed * 2 >= len(values)


def _unnested(cells: Row, names: Sequence[str]) -> Row:
    made: Row = {}
    for name, text in cells.items():
        value = nested_value(text) if name in names else None
        if value is None:
            made[name] = text
        elif turns := turns_of(value) or (_listed(value) if named(name, vocabulary.MESSAGES) else None):
            made[name] = text if _is_json(text) and turns_of(value) else canonical(turns)
        else:
            for column, plain in flattened({name: value}):
                made[column] = text if plain is value and _is_json(text) else cell_text(plain)
    return made


def _listed(value: Any) -> list[Turn] | None:
    """Turns of a list of texts, each with the mark of its speaker (`user: …`) or all without."""
    sides = [line_side(text) if isinstance(text, str) else None for text in value]
    if {"user", "assistant"} <= set(sides) and None not in sides:
        return [
            {"role": side, "content": without_mark(text)} for side, text in zip(sides, value, strict=True)
        ]
    return bare_turns(value)


def _is_json(text: str | None) -> bool:
    try:
        json.loads(text or "")
    except (ValueError, RecursionError):
        return False
    return True


def _marked_columns(columns: list[Column], sample: Sample) -> list[str]:
    """Columns whose texts mark their turns, where nothing else in the table says what those texts are for."""
    others = [
        column
        for column in columns
        if not named(column.name, vocabulary.METADATA | vocabulary.SYSTEM) and column.filled
    ]
    marked = [
        column.name
        for column in others
        if not column.is_messages
        and _share(_values(sample, column.name)[:_CHECKED_MARKS], lambda text: marked_turns(text) is not None)
        > 0.8
    ]
    return marked if len(marked) == len(others) else []


def _with_turns(cells: Row, names: Sequence[str]) -> Row:
    return {
        name: canonical(turns) if text and name in names and (turns := marked_turns(text)) else text
        for name, text in cells.items()
    }


_PROMPT = vocabulary.QUESTION | vocabulary.INSTRUCTION | vocabulary.INPUT | vocabulary.MESSAGES


def _marked_pair(columns: list[Column], sample: Sample) -> tuple[str, list[str]] | None:
    """A column of prompts that end where the answer begins, marks included, and the columns of their answers."""
    prompt = next((c.name for c in columns if named(c.name, _PROMPT) and not c.is_messages), None)
    answers = [
        column.name
        for column in columns
        if column.name != prompt
        and not column.is_messages
        and named(column.name, vocabulary.ANSWER | vocabulary.CHOSEN | vocabulary.REJECTED | vocabulary.CODE)
    ]
    if prompt is None or not answers:
        return _pair_by_marks(columns, sample)
    is_asked = (
        _share(_values(sample, prompt)[:_CHECKED_MARKS], lambda text: asked_turns(text) is not None) > 0.8
    )
    return (prompt, answers) if is_asked else None


def _pair_by_marks(columns: list[Column], sample: Sample) -> tuple[str, list[str]] | None:
    """Two columns without telling names, one of which marks each question (`Q: …`), and the other each answer."""
    sides: dict[str, str] = {}
    for column in columns:
        values = _values(sample, column.name)[:_CHECKED_MARKS]
        for side in ("user", "assistant"):
            if _share(values, lambda text, side=side: line_side(text) == side) > 0.8:  # type: ignore[misc]
                sides[side] = column.name
    return (sides["user"], [sides["assistant"]]) if len(sides) == 2 else None


def _without_marks(cells: Row, prompt: str, answers: Sequence[str]) -> Row:
    made = dict(cells)
    if turns := asked_turns(cells.get(prompt) or ""):
        alone = turns[0]["content"] if len(turns) == 1 else None
        made[prompt] = alone if isinstance(alone, str) else canonical(turns)
    for name in answers:
        if (text := cells.get(name)) and (said := marked_answer(text)):
            made[name] = said
    return made
