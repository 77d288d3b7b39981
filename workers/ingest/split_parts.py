"""Sheets of a workbook and files of an archive, of which one is read, and what others of them hold."""

import re
from collections.abc import Iterable, Sequence

from workers.contracts.texts import Text
from workers.ingest.split_names import MOST_FOLDS, SPLIT_COLUMN, codes_of, split_of_name
from workers.ingest.splits import TEST, TRAIN, VALIDATION

_PLAIN = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}


def training_part(names: Sequence[str]) -> str | None:
    """Return the part of a workbook or an archive that is named like training data, where others hold the rest."""
    codes = {name: _split_of(name) for name in names}
    has_others = not {TEST, VALIDATION}.isdisjoint(codes.values())
    return next((name for name, code in codes.items() if code == TRAIN and has_others), None)


def split_parts(read: str, names: Sequence[str]) -> dict[str, str]:
    """Return those parts of a workbook or an archive that are named after splits, the one that is read first, with what
    to write into a column of splits; none where they do not hold both training data and other rows."""
    codes = {name: code for name in (read, *names) if (code := _split_of(name)) is not None}
    if codes.get(read) != TRAIN or len(set(codes.values())) < 2:
        return {}
    if len(codes) <= MOST_FOLDS and codes_of(SPLIT_COLUMN, codes).keys() == codes.keys():
        return {name: name for name in codes}
    return {name: _PLAIN[code] for name, code in codes.items()}


def unread_splits(read: str, names: Iterable[str]) -> Text | None:
    """Say which parts of a workbook or an archive, of which one is read, hold test or validation rows, or None."""
    if _split_of(read) in (TEST, VALIDATION):
        return None
    held_out = [name for name in names if name != read and _split_of(name) in (TEST, VALIDATION)]
    if not held_out:
        return None
    listed = held_out[:3]
    return Text("files.held_out_not_read", parts=listed)


def unread_alike(read: str, others: Sequence[str]) -> Text:
    """Say which parts of a workbook or an archive, of which one is read, have the same columns."""
    listed = others[:3]
    return Text("files.one_part_read", part=read, others=listed)


def _split_of(name: str) -> int | None:
    """The split that a name means by itself, else by the folder that it is in."""
    *folders, file = re.sub(r"(\.\w{1,7}){1,2}$", "", name).split("/")
    codes = (split_of_name(part) for part in (file, *reversed(folders)))
    return next((code for code in codes if code is not None), None)
