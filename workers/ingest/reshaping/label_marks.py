"""Labels that stand in a text, in a list of zeros and ones, or in a column for each label."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workers.contracts.job_kinds.importing import Column
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.literals import nested_value
from workers.ingest.split_names import flagged_split
from workers.ingest.verdicts import mark_named
from workers.ingest.vocabulary import named

Row = dict[str, str | None]
Sample = Sequence[dict[str, str]]

_CHECKED = 300
_MARKED = r"__label__[^\s,]+"
_FASTTEXT = re.compile(rf"\s*(?P<labels>(?:{_MARKED}[\s,]+)+)(?P<text>\S.*)", re.DOTALL)
_FASTTEXT_LAST = re.compile(rf"(?<![\s,])[\s,]+(?P<labels>{_MARKED}(?:[\s,]+{_MARKED})*)\s*\Z")
_FASTTEXT_ALONE = re.compile(rf"\s*(?P<labels>{_MARKED}(?:[\s,]+{_MARKED})*)[\s,]*")
_LAST_CHARACTERS = 1_000
"""In which labels after a text are looked for."""
_TREC = re.compile(r"(?P<labels>[A-Z]{2,8}:[A-Za-z_]{2,20})[ \t]+(?P<text>\S.*)", re.DOTALL)
_PRINTED = re.compile(r"\[\s*[01]\.?(?:\s+[01]\.?)+\s*\]")
"""A list as NumPy prints it."""
_TRUE = frozenset({"1", "1.0", "true", "True"})
_FALSE = frozenset({"0", "0.0", "false", "False"})


@dataclass(frozen=True)
class LabelMarks:
    """How each row is changed, and what is said of it."""

    convert: Callable[[Row], Row]
    note: Text
    columns: tuple[str, ...]
    """Those that are changed."""


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
                Text("reshaping.label_mark_left_out", column=name),
                (name,),
            )
        if named(name, vocabulary.LABEL) and _all(values, _places) and not _judge_parts(name, names, sample):
            return LabelMarks(
                lambda cells, name=name: cells | {name: _of_places(cells.get(name))},  # type: ignore[misc]
                Text("reshaping.one_hot_lists", column=name),
                (name,),
            )
    if flags := _exclusive_flags(columns, sample):
        label = "label"
        held = list(flags)
        return LabelMarks(
            lambda cells: _of_flags(cells, flags, label),
            Text("reshaping.flags_became_label", columns=held, label=label),
            (*flags,),
        )
    return None


def _values(sample: Sample, name: str) -> list[str]:
    return [row[name] for row in sample if name in row][:_CHECKED]


def _all(values: list[str], holds: Callable[[str], object]) -> bool:
    return bool(values) and sum(bool(holds(value)) for value in values) > 0.9 * len(values)


def _in_text(name: str, sample: Sample) -> LabelMarks | None:
    values = _values(sample, name)
    if _all(values, _of_fasttext):
        note = Text("reshaping.fasttext_labels")
        return LabelMarks(lambda cells: _split(cells.get(name) or "", _of_fasttext), note, (name,))
    if len(values) > 5 and _all(values, _of_trec):
        note = Text("reshaping.label_at_beginning")
        return LabelMarks(lambda cells: _split(cells.get(name) or "", _of_trec), note, (name,))
    return None


def _of_fasttext(text: str) -> tuple[str, str] | None:
    """The text and the labels of a line, which stand before the text or after it."""
    if found := _FASTTEXT.fullmatch(text):
        return found["text"], found["labels"]
    before = max(0, len(text) - _LAST_CHARACTERS)
    last = _FASTTEXT_LAST.search(text[before:])
    said = text[: before + last.start()] if last else ""
    return (said, last["labels"]) if last and said.strip() else None


def _of_trec(text: str) -> tuple[str, str] | None:
    found = _TREC.fullmatch(text)
    return (found["text"], found["labels"]) if found else None


def _split(text: str, parts: Callable[[str], tuple[str, str] | None]) -> Row:
    found = parts(text)
    if not found:
        return {"text": text, "label": None}
    return {"text": found[0].strip(), "label": _alone(found[1])}


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
    """The list of zeros and ones that a cell holds, at least two of them."""
    if not text.lstrip().startswith("["):
        return None
    if _PRINTED.fullmatch(text.strip()):
        return [int(flag[0]) for flag in text.strip()[1:-1].split()]
    value = nested_value(text)
    is_flags = isinstance(value, list) and len(value) > 1 and all(item in (0, 1) for item in value)
    return value if is_flags else None


def _judge_parts(name: str, names: list[str], sample: Sample) -> bool:
    """Whether lists of zeros and ones are no positions of labels: they differ in length, or each judges an item of another
    column, as the steps of an answer."""
    rows = [(row, places) for row in sample[:_CHECKED] if (places := _places(row.get(name, "")))]
    if len({len(places) for _, places in rows}) > 1:
        return True
    return any(
        all(_length(row.get(other, "")) == len(places) for row, places in rows)
        for other in names
        if other != name
    )


def _length(text: str) -> int | None:
    value = nested_value(text) if text.lstrip()[:1] == "[" else None
    return len(value) if isinstance(value, list) else None


def _of_places(text: str | None) -> str | None:
    value = _places(text) if text else None
    return text if value is None else _one_or_list([str(place) for place, flag in enumerate(value) if flag])


def _exclusive_flags(columns: list[Column], sample: Sample) -> list[str]:
    """Columns of zeros and ones, exactly one of which is 1 in every row of the sample, where no other
    column is named like a label."""
    flags = [
        column.name
        for column in columns
        if column.distinct == 2 and set(column.examples) <= _TRUE | _FALSE and not column.is_messages
    ]
    if len(flags) < 2 or len(sample) < 10 * len(flags):
        return []
    if _mean_else(flags) or any(named(column.name, vocabulary.LABEL) for column in columns):
        return []
    held = [sum(row.get(name) in _TRUE for name in flags) for row in sample]
    return flags if set(held) == {1} else []


def _mean_else(flags: list[str]) -> bool:
    """Whether columns of noughts and ones say which split a row is in, or that it is good or bad: no label of its text."""
    marks = [mark_named(name) for name in flags]
    is_marked = all(marks) or any(mark is not None and mark.is_about_row for mark in marks)
    return is_marked or any(flagged_split(name) is not None for name in flags)


def _of_flags(cells: Row, flags: list[str], label: str) -> Row:
    rest = {name: text for name, text in cells.items() if name not in flags}
    return rest | {label: _one_or_list([name for name in flags if cells.get(name) in _TRUE])}
