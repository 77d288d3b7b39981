"""Labels as files spell them: one label in several spellings, and several labels in one cell."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workers.contracts.excerpts import excerpt
from workers.ingest.literals import nested_value

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_WHOLE_NUMBER = re.compile(r"([-+]?\d+)\.0+")
_SEPARATORS = (";", "|", "；", "、", ",", "，", "/", "+", "&", "\n")
_STRONG = frozenset(";|；、\n")
"""Separators that hardly stand within one label; parts of the others must be labels of their own."""
_NAMED = 3


def tidy_label(text: str) -> str:
    """Return a label in its visible form: composed (NFC), narrow instead of full-width letters, without invisible
    characters, single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_WIDE)
        text = "".join(" " if c.isspace() else c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(text.split())


def label_key(label: str, *, case: bool = True) -> str:
    """Return what spellings of one label share: 1.0 is 1, and with `case` upper and lower case are the same."""
    number = _WHOLE_NUMBER.fullmatch(label)
    label = number[1] if number else label
    return label.casefold() if case else label


@dataclass(frozen=True, slots=True)
class Merge:
    """Spellings that were read as one label, the most frequent first, small letters before capitals."""

    label: str
    spellings: tuple[str, ...]
    rows: int


def merged_spellings(counts: Mapping[str, int], *, case: bool = True) -> list[Merge]:
    """Return the labels (tidy, with their rows) that differ in case or in the way a number is written only."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label in counts:
        groups[label_key(label, case=case)].append(label)
    found = []
    for key, spellings in groups.items():
        if len(spellings) > 1:
            most = sorted(spellings, key=lambda label: (-counts[label], label.swapcase()))
            label = key if _WHOLE_NUMBER.fullmatch(most[0]) else most[0]
            found.append(Merge(label, tuple(most), sum(counts[label] for label in spellings)))
    return sorted(found, key=lambda merge: -merge.rows)


def merge_sentence(merges: list[Merge]) -> str:
    """Say which spellings were read as one label."""
    first = merges[0]
    names = " / ".join(f"“{name}”" for name in first.spellings[:4])
    if len(merges) == 1:
        return f"{names} were read as one label, “{first.label}” ({first.rows:,} rows)."
    return f"{len(merges):,} labels were written in several ways and read as one each, such as {names} as “{first.label}”."


def labels_of(text: str) -> list[str]:
    """Return the labels of a cell: several where it holds a list of them, as JSON or as Python prints it."""
    value = nested_value(text)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        found = [
            tidy_label("true" if item is True else "false" if item is False else str(item)) for item in value
        ]
        return list(dict.fromkeys(filter(None, found)))
    label = tidy_label(text)
    return [label] if label else []


def combinations_of(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return the labels that join several others by a separator (“delivery; payment”), with their parts.

    A part counts as a label when it stands alone in some row or, for a strong separator, in several combinations. One
    combination alone by a weak separator may well be a label: “Sales / Marketing”.
    """
    found: dict[str, tuple[str, ...]] = {}
    for separator in _SEPARATORS:
        joined = {label: parts for label in counts if len(parts := _parts(label, separator)) > 1}
        if not joined:
            continue
        alone = {label_key(label) for label in counts if label not in joined}
        in_how_many = Counter(label_key(part) for parts in joined.values() for part in set(parts))
        if separator in _STRONG and len(joined) > 1:
            alone |= {part for part, times in in_how_many.items() if times > 1}
        known = {
            label: parts for label, parts in joined.items() if all(label_key(part) in alone for part in parts)
        }
        if separator in _STRONG or len(known) > 1:
            found = known | found
    return found


def _parts(label: str, separator: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in label.split(separator))
    return parts if all(parts) and all(len(part) <= 60 for part in parts) else ()


def named(labels: Iterable[str]) -> str:
    """The first few labels in quotation marks."""
    return ", ".join(f"“{excerpt(label, 60)}”" for label in list(labels)[:_NAMED])
