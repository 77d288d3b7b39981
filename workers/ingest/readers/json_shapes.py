"""Which table a JSON object holds, as pandas and others write them: by column, by index, split, under some name, or one
for each split. Judged from the beginning of the text; json_tables then reads the table.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from workers.ingest import vocabulary
from workers.ingest.conversations import is_messages
from workers.ingest.readers.json_groups import table_keys
from workers.ingest.readers.json_window import DECODER, Window
from workers.ingest.split_names import split_of_name
from workers.ingest.vocabulary import is_known_name, named

_PREFIX = 1 << 18
_MOST_NESTED = 40
_DEPTH = 3
_PAIRS = 20
_FEW = 5
_GAPS = " \t\r\n,"
USUAL_LISTS = (
    "data",
    "rows",
    "examples",
    "items",
    "records",
    "results",
    "train",
    "training",
    "validation",
    "valid",
    "val",
    "dev",
    "test",
    "testing",
    "eval",
    "evaluation",
)
"""Lists that json_document reads wherever they stand, several of them as well."""


_OWN_TEXT = (vocabulary.QUESTION | vocabulary.ANSWER | vocabulary.INSTRUCTION) - {
    "message",
    "result",
    "request",
}


class Kind(StrEnum):
    COLUMNS = "columns"
    INDEX = "index"
    SPLIT = "split"
    """As pandas means it: columns, index and data apart."""
    SPLITS = "splits"
    """A table of any of these shapes for each split, as in a DatasetDict; other members may stand beside them."""
    LIST = "list"
    PAIRS = "pairs"
    QUESTIONS = "questions"
    """Pairs of which most names are questions."""


class Shape(NamedTuple):
    """`path` leads to the object or list that holds the table."""

    kind: Kind
    path: tuple[str, ...] = ()


class _Cut(list[Any]):
    """A list of which only the beginning was seen."""


def find_shape(window: Window) -> Shape | None:
    """Return what the object that begins here is, or None for one that is a row, or that holds one of the usual lists."""
    return _shape_of(_peek(window))


def find_split(window: Window) -> Shape | None:
    """Return what the table of one split that begins here is: also a list, and columns of one row."""
    value = _peek(window)
    if isinstance(value, list):
        return Shape(Kind.LIST) if value else None
    if not isinstance(value, dict):
        return None
    if shape := _shape_of(value) or _known_list(value):
        return shape
    return Shape(Kind.COLUMNS) if value and all(isinstance(each, list) for each in value.values()) else None


def is_table(window: Window) -> bool:
    """Whether a table of rows begins here."""
    return _is_table(_peek(window))


def begins_with_splits(text: str) -> bool:
    """Whether the first object of a text holds a table for each split, and nothing else: no row looks like that."""
    value, _ = _beginning(text[:_PREFIX], 0, 0)
    return isinstance(value, dict) and _holds_only_splits(value)


def _peek(window: Window) -> Any:
    """Decode the beginning of the value at the window's place, which stays there."""
    while len(window.text) - window.at < _PREFIX and not window.ended:
        if not window.grow():
            break
    value, _ = _beginning(window.text[window.at : window.at + _PREFIX], 0, 0)
    return value


def _shape_of(value: Any) -> Shape | None:
    if not isinstance(value, dict) or not value or is_messages([value]):
        return None
    if _holds_splits(value):
        return Shape(Kind.SPLITS)
    if table_keys(value):
        return Shape(Kind.SPLIT)
    if _known_list(value):
        return None
    if path := _splits_path(value):
        return Shape(Kind.SPLITS, path)
    if kind := _orientation(value):
        return Shape(kind)
    if path := _list_path(value):
        return Shape(Kind.LIST, path)
    if name := _index_below(value):
        return Shape(Kind.INDEX, (name,))
    if not all(isinstance(each, str) for each in value.values()) or any(map(is_known_name, value)):
        return None
    if sum(name.rstrip().endswith(("?", "？", "؟")) for name in value) * 2 > len(value) > 2:
        return Shape(Kind.QUESTIONS)
    return Shape(Kind.PAIRS) if len(value) > _PAIRS else None


def _index_below(value: dict[str, Any]) -> str | None:
    """The member that holds a row under each of many names, where nothing else beside it is nested."""
    nested = [name for name, each in value.items() if isinstance(each, dict | list)]
    if len(nested) != 1 or not isinstance(value[nested[0]], dict) or len(value[nested[0]]) <= _FEW:
        return None
    return nested[0] if _orientation(value[nested[0]]) is Kind.INDEX else None


def _holds_splits(value: dict[str, Any]) -> bool:
    """Whether a table stands under the name of a split."""
    return _holds_only_splits(value) or any(
        split_of_name(name) is not None and _is_table(each) for name, each in value.items()
    )


def _holds_only_splits(value: dict[str, Any]) -> bool:
    """Whether all members are named after splits and hold tables or lists of texts, some of them maybe empty."""
    return (
        any(value.values())
        and all(split_of_name(name) is not None for name in value)
        and all(_is_table(each) or _is_list_of(each, str) or each in ([], {}) for each in value.values())
    )


def _splits_path(value: dict[str, Any], depth: int = 1) -> tuple[str, ...]:
    """Lead to the first object below this one that holds a table for each split."""
    for name, each in value.items():
        if not isinstance(each, dict):
            continue
        if _holds_splits(each):
            return (name,)
        if depth < _DEPTH and (below := _splits_path(each, depth + 1)):
            return (name, *below)
    return ()


def _is_table(value: Any) -> bool:
    if isinstance(value, dict):
        return (_shape_of(value) or _known_list(value)) is not None
    return _is_list_of(value, (dict, list))


def _known_list(value: dict[str, Any]) -> Shape | None:
    name = next((name for name in USUAL_LISTS if _is_list_of(value.get(name), (dict, list))), None)
    return Shape(Kind.LIST, (name,)) if name else None


def _is_list_of(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], kind) and not is_messages(value)


def _orientation(value: dict[str, Any]) -> Kind | None:
    members = list(value.values())
    # A list that is cut fills what was seen: other columns may follow it.
    if (len(members) > 1 or isinstance(members[0], _Cut)) and all(
        isinstance(each, list) and not any(isinstance(x, (dict, list)) for x in each) for each in members
    ):
        lengths = {len(each) for each in members if not isinstance(each, _Cut)}
        if len(lengths) <= 1 or _are_labels(value):
            return Kind.COLUMNS if max(map(len, members)) > 1 else None
        return None
    objects = [each for each in members if isinstance(each, dict) and each]
    if len(objects) < len(members):
        return None
    if all(_counts(each) for each in objects):
        return Kind.COLUMNS if _holds_cells(objects) else None
    if len(objects) == 1:
        return None
    inner = {tuple(each) for each in objects[:-1]}
    is_table = len(inner) == 1 or len(set().union(*inner)) <= 2 * max(map(len, inner))
    if not is_table or not _holds_cells(objects):
        return None
    names = list(objects[0])
    if _counts(value) or any(map(is_known_name, names)) or len(objects) > len(names):
        return Kind.INDEX
    return Kind.COLUMNS if any(map(is_known_name, value)) else None


def _are_labels(value: dict[str, Any]) -> bool:
    """Whether lists of texts stand under names that are no column's: labels with their texts, of any number."""
    return (
        len(value) > 1
        and not any(is_known_name(name) for name in value)
        and all(isinstance(text, str) for each in value.values() for text in each[:50])
        and sum(map(len, value.values())) >= _PAIRS
    )


def _counts(value: dict[str, Any]) -> bool:
    """Whether the names count rows: 0, 1, 2."""
    return all(name.isdecimal() for name in value)


def _holds_cells(objects: list[dict[str, Any]]) -> bool:
    """Whether most of what the objects hold is no object itself."""
    cells = [cell for each in objects[:50] for cell in list(each.values())[:50]]
    return sum(isinstance(cell, dict) for cell in cells) * 2 < len(cells)


def _list_path(value: dict[str, Any], depth: int = 0) -> tuple[str, ...]:
    """Lead to the first list of rows, also below objects; an object with written texts beside it is a row itself."""
    if depth == 0 and any(isinstance(each, str) and named(name, _OWN_TEXT) for name, each in value.items()):
        return ()
    for name, each in value.items():
        if _is_list_of(each, (dict, list)) and (len(each) > 1 or depth or isinstance(each, _Cut)):
            return (name,)
    for name, each in value.items():
        if isinstance(each, dict) and depth < _DEPTH and (below := _list_path(each, depth + 1)):
            return (name, *below)
    return ()


def _beginning(text: str, at: int, depth: int) -> tuple[Any, int | None]:
    """Decode the value at `at` as far as the text goes. Returns it and where it ends; None where the text ends before."""
    try:
        return DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        if depth > _MOST_NESTED or at >= len(text) or text[at] not in "[{":
            return None, None
    is_object, place = text[at] == "{", at + 1
    members: dict[str, Any] = {}
    items = _Cut()
    while True:
        while place < len(text) and text[place] in _GAPS:
            place += 1
        if place >= len(text) or text[place] in "]}":
            break
        name = ""
        if is_object:
            try:
                name, place = DECODER.raw_decode(text, place)
            except ValueError:
                break
            while place < len(text) and text[place] in " \t\r\n:":
                place += 1
            if place >= len(text):
                break
        value, end = _beginning(text, place, depth + 1)
        if value is not None or end is not None:
            members[str(name)] = value
            items.append(value)
        if end is None:
            break
        place = end
    return (members if is_object else items), None
