"""Labels as files spell them: one label in several spellings, and several labels in one cell."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workers.contracts.excerpts import excerpt
from workers.contracts.texts import Text
from workers.ingest.label_spellings import loose_key, strict_key, tidy_spelling
from workers.ingest.literals import nested_value

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SEPARATORS = {
    name: re.compile(rf"\s*(?:{pattern})\s*")
    for name, pattern in {
        ";": ";+", "|": r"\|+", "；": "；+", "、": "、", ",": ",", "，": "，", "/": "/", "+": r"\+", "&": "&",
        "\n": r"\n+|<br\s*/?>",
    }.items()
}  # fmt: skip
_WORD = r"\s+(?:and|und|et|y|e|и|og|och|en)\s+|\s*[和及与]\s*"
_HAS_WORD = re.compile(_WORD, re.IGNORECASE)
_BY_WORD = re.compile(rf"\s*[,&+]\s*(?:(?:and|und|et|og|och|en)\s+)?|{_WORD}", re.IGNORECASE)
"""A word between labels, with signs between others of them: “toxic, insult and threat”."""
_SAID = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("ja", "nein"), ("oui", "non"), ("sí", "no"), ("si", "no"),
    ("sim", "não"), ("да", "нет"), ("是", "否"), ("はい", "いいえ"),
)  # fmt: skip
"""Ways to write yes and no."""
_STRONG = frozenset(";|；、\n")
"""Separators that hardly stand within one label; parts of the others must be labels of their own."""
_NEVER = frozenset(";|；\n")
"""Of these one part that is a label of its own is enough."""
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,0+")
_NAMED = 3


def tidy_label(text: str) -> str:
    """Return a label in its visible form: composed (NFC), narrow instead of full-width letters, without invisible
    characters, single spaces. Line breaks stay: they may part several labels."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_WIDE)
        text = "".join(
            " " if c.isspace() and c != "\n" else c for c in text if unicodedata.category(c) != "Cf"
        )
    if "\n" not in text:
        return " ".join(text.split())
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def label_key(label: str, *, loosely: bool = True) -> str:
    """Return what spellings of one label share; see `label_spellings`."""
    return loose_key(label) if loosely else strict_key(label)


@dataclass(frozen=True, slots=True)
class Merge:
    """Spellings that were read as one label, the most frequent first, small letters before capitals."""

    label: str
    spellings: tuple[str, ...]
    rows: int


def merged_spellings(counts: Mapping[str, int], *, loosely: bool = True) -> list[Merge]:
    """Return the labels (tidy, with their rows) that are written in several ways, such as in upper and lower case; without
    `loosely` only those that are the same number or sign."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    keys = {label: label_key(label, loosely=loosely) for label in counts}
    said = _yes_and_no(set(keys.values())) if loosely else {}
    for label, key in keys.items():
        groups[said.get(key, key)].append(label)
    found = []
    for spellings in groups.values():
        if len(spellings) > 1:
            most = sorted(spellings, key=lambda label: (-counts[label], len(label), label.swapcase()))
            found.append(
                Merge(tidy_spelling(most[0]), tuple(most), sum(counts[label] for label in spellings))
            )
    return sorted(found, key=lambda merge: -merge.rows)


def _yes_and_no(keys: set[str]) -> dict[str, str]:
    """Return what each key says where all labels of a column are yes and no, each side in at least two ways. A way of which
    one side alone stands there may mean something else."""
    ways = [way for way in _SAID if keys.issuperset(way)]
    if len(ways) < 2 or not keys <= {key for way in ways for key in way}:
        return {}
    return {key: side for way in ways for key, side in zip(way, ("yes", "no"), strict=True)}


def merge_sentence(merges: list[Merge]) -> Text:
    """Say which spellings were read as one label."""
    first = merges[0]
    names = spelled(first)
    if len(merges) == 1:
        return Text("reshaping.label_merged", spellings=names, label=first.label, rows=first.rows)
    return Text("reshaping.labels_merged", labels=len(merges), spellings=names, label=first.label)


def spelled(merge: Merge) -> str:
    """The first few spellings, as a reader can tell them apart."""
    return " / ".join(f"“{' '.join(name.split())}”" for name in merge.spellings[:4])


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
    for separator, pattern in _SEPARATORS.items():
        joined = {label: parts for label in counts if len(parts := _parts(label, pattern)) > 1}
        if not joined or (separator == "," and all(map(_DECIMAL_COMMA.fullmatch, joined))):
            continue
        alone = {label_key(label) for label in counts if label not in joined}
        in_how_many = Counter(label_key(part) for parts in joined.values() for part in set(parts))
        if separator in _STRONG and len(joined) > 1:
            alone |= {part for part, times in in_how_many.items() if times > 1}
        enough = any if separator in _NEVER else all
        known = {
            label: parts
            for label, parts in joined.items()
            if enough(label_key(part) in alone for part in parts)
        }
        if separator in _STRONG or len(known) > 1:
            found = known | found
    by_word = _joined_by_word(counts)
    return by_word | found if len(by_word) > 1 else found


def doubtful_combination(counts: Mapping[str, int]) -> str | None:
    """Return the one label that joins two others by a word (“toxic and insult”), which is learned as a label of its own."""
    joined = _joined_by_word(counts)
    return (
        next(iter(joined))
        if len(joined) == 1 and not joined.keys() & combinations_of(counts).keys()
        else None
    )


def _joined_by_word(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """The labels that join others by “and” or by signs, each of which stands alone in some row; none where no word joins."""
    joined = {label: parts for label in counts if len(parts := _parts(label, _BY_WORD)) > 1}
    alone = {label_key(label) for label in counts if label not in joined}
    known = {
        label: parts for label, parts in joined.items() if all(label_key(part) in alone for part in parts)
    }
    return known if any(map(_HAS_WORD.search, known)) else {}


def _parts(label: str, separator: re.Pattern[str]) -> tuple[str, ...]:
    parts = tuple(separator.split(label))
    return parts if all(parts) and all(len(part) <= 60 for part in parts) else ()


def first_few(labels: Iterable[str]) -> list[str]:
    """The first few labels, long ones shortened."""
    return [excerpt(label, 60) for label in list(labels)[:_NAMED]]
