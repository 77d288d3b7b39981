"""Labels that stand in a text, in a list of noughts and ones, or in a column for each label."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workers.contracts.specs import Column
from workers.ingest import vocabulary
from workers.ingest.literals import nested_value
from workers.ingest.vocabulary import named, plain

Row = dict[str, str | None]
Sample = Sequence[dict[str, str]]

_CHECKED = 300
_FASTTEXT = re.compile(r"\s*(?P<labels>(?:__label__\S+[\s,]+)+)(?P<text>\S.*)", re.DOTALL)
_FASTTEXT_LAST = re.compile(
    r"(?P<text>\S.*?)[\s,]+(?P<labels>__label__\S+(?:[\s,]+__label__\S+)*)\s*", re.DOTALL
)
_FASTTEXT_ALONE = re.compile(r"\s*(?P<labels>__label__\S+(?:[\s,]+__label__\S+)*)[\s,]*")
_TREC = re.compile(r"(?P<labels>[A-Z]{2,8}:[A-Za-z_]{2,20})[ \t]+(?P<text>\S.*)", re.DOTALL)
_PRINTED = re.compile(r"\[\s*[01]\.?(?:\s+[01]\.?)+\s*\]")
"""A list as NumPy prints it."""
_TRUE = frozenset({"1", "1.0", "true", "True"})
_SPLIT = re.compile(r"(?:is)?(?:train|training|valid|validation|val|dev|test|testing)(?:set)?")
_FALSE = frozenset({"0", "0.0", "false", "False"})


@dataclass(frozen=True)
class LabelMarks:
    """How each row is changed, and what is said of it."""

    convert: Callable[[Row], Row]
    note: str


def marked_labels(columns: list[Column], sample: Sample) -> LabelMarks | None:
    """Return how the labels of a table become a column of plain labels, or None where they are plain already."""
    names = [column.name for column in columns if column.filled]
    if len(names) == 1:
        return _in_text(names[0], sample)
    for name in names:
        values = _values(sample, name)
        if _all(values, _FASTTEXT_ALONE.fullmatch):
            return LabelMarks(
                lambda cells, name=name: cells | {name: _alone(cells.get(name))},  # type: ignore[misc]
                f"The mark __label__ was left out of the labels in “{name}”.",
            )
        if named(name, vocabulary.LABEL) and _all(values, _places):
            return LabelMarks(
                lambda cells, name=name: cells | {name: _of_places(cells.get(name))},  # type: ignore[misc]
                f"“{name}” holds lists of noughts and ones. The position of each 1 became the label, counted from 0.",
            )
    if flags := _exclusive_flags(columns, sample):
        label = "label"
        held = ", ".join(f"“{name}”" for name in flags)
        return LabelMarks(
            lambda cells: _of_flags(cells, flags, label),
            f"Exactly one of {held} is 1 in each row, so they became the column “{label}”.",
        )
    return None


def _values(sample: Sample, name: str) -> list[str]:
    return [row[name] for row in sample if name in row][:_CHECKED]


def _all(values: list[str], holds: Callable[[str], object]) -> bool:
    return bool(values) and sum(bool(holds(value)) for value in values) > 0.9 * len(values)


def _in_text(name: str, sample: Sample) -> LabelMarks | None:
    values = _values(sample, name)
    if _all(values, lambda text: _FASTTEXT.fullmatch(text) or _FASTTEXT_LAST.fullmatch(text)):
        note = "Labels written as fastText does (__label__…) became a column of their own."
        return LabelMarks(lambda cells: _split(cells.get(name) or "", _FASTTEXT, _FASTTEXT_LAST), note)
    if len(values) > 5 and _all(values, _TREC.fullmatch):
        note = "The label at the beginning of each line became a column of its own."
        return LabelMarks(lambda cells: _split(cells.get(name) or "", _TREC), note)
    return None


def _split(text: str, *patterns: re.Pattern[str]) -> Row:
    found = next((found for pattern in patterns if (found := pattern.fullmatch(text))), None)
    if not found:
        return {"text": text, "label": None}
    return {"text": found["text"].strip(), "label": _alone(found["labels"])}


def _alone(text: str | None) -> str | None:
    """The labels of a cell without their mark: one as it is, several as a list."""
    if not text:
        return text
    marked = re.findall(r"__label__([^\s,]+)", text)
    return _one_or_list(marked) if marked else text.strip()


def _one_or_list(labels: list[str]) -> str | None:
    if not labels:
        return None
    return labels[0] if len(labels) == 1 else json.dumps(labels, ensure_ascii=False)


def _places(text: str) -> list[object] | None:
    """The list of noughts and ones that a cell holds, at least two of them."""
    if not text.lstrip().startswith("["):
        return None
    if _PRINTED.fullmatch(text.strip()):
        return [int(flag[0]) for flag in text.strip()[1:-1].split()]
    value = nested_value(text)
    is_flags = isinstance(value, list) and len(value) > 1 and all(item in (0, 1) for item in value)
    return value if is_flags else None


def _of_places(text: str | None) -> str | None:
    value = _places(text) if text else None
    return text if value is None else _one_or_list([str(place) for place, flag in enumerate(value) if flag])


def _exclusive_flags(columns: list[Column], sample: Sample) -> list[str]:
    """Columns of noughts and ones, exactly one of which is 1 in every row of the sample, where no other
    column is named like a label."""
    flags = [
        column.name
        for column in columns
        if column.distinct == 2
        and set(column.examples) <= _TRUE | _FALSE
        and not column.is_messages
        and not _SPLIT.fullmatch(plain(column.name))
    ]
    if len(flags) < 2 or len(sample) < 10 * len(flags):
        return []
    if any(named(column.name, vocabulary.LABEL) for column in columns if column.name not in flags):
        return []
    held = [sum(row.get(name) in _TRUE for name in flags) for row in sample]
    return flags if set(held) == {1} else []


def _of_flags(cells: Row, flags: list[str], label: str) -> Row:
    rest = {name: text for name, text in cells.items() if name not in flags}
    return rest | {label: _one_or_list([name for name in flags if cells.get(name) in _TRUE])}
