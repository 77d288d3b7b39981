"""Archives whose files belong together: a folder of texts for each label, and the numbered parts of one table."""

import codecs
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from workers.ingest.encodings import legacy_codec
from workers.ingest.split_names import SPLIT_COLUMN, split_of_name

_FEWEST_TEXTS = 6
_LEAST_A_FOLDER = 2
"""Texts in a folder, on average."""
_TABLES = (".csv", ".tsv", ".tab")
_LINES = (".jsonl", ".ndjson")
_HEADER_BYTES = 64 * 1024

OnPiece = Callable[[int], None]


def are_labelled_texts(members: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether files are texts in folders that are named after their labels: `pos/1.txt`, `train/neg/2.txt`."""
    places = [PurePosixPath(member.filename) for member in members]
    folders = Counter(place.parent for place in places)
    labels = {folder.name for folder in folders}
    return (
        len(places) >= max(_FEWEST_TEXTS, _LEAST_A_FOLDER * len(folders))
        and all(place.suffix.lower() == ".txt" for place in places)
        and len({len(place.parts) for place in places}) == 1
        and len({label for label in labels if split_of_name(label) is None}) >= 2
    )


def write_labelled_texts(
    archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], path: Path, on_piece: OnPiece
) -> None:
    """Write a row for each text: its label is its folder, its split the folder above where that is named after one."""
    with path.open("w", encoding="utf-8") as stream:
        for member in sorted(members, key=lambda member: member.header_offset):
            on_piece(member.file_size)  # before it is unpacked into memory
            with archive.open(member) as file:
                content = file.read()
            folders = PurePosixPath(member.filename).parent.parts
            row = {"text": decoded(content), "label": folders[-1]}
            if split := next((name for name in folders[:-1] if split_of_name(name) is not None), None):
                row[SPLIT_COLUMN] = split
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8 or a legacy encoding, without white space around it."""
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return content.decode(legacy_codec(content), "replace").strip()


def numbered_parts(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], read: zipfile.ZipInfo
) -> list[zipfile.ZipInfo]:
    """Return the parts of the table that a file belongs to, in the order of their numbers: files that are named alike but
    for a number, with one header."""
    name, ending = _without_numbers(read), PurePosixPath(read.filename).suffix.lower()
    parts = [member for member in members if _without_numbers(member) == name]
    if ending in _TABLES:
        header = first_line(archive, read)
        parts = [member for member in parts if first_line(archive, member) == header]
    elif ending not in _LINES:
        return [read]
    return sorted(parts, key=lambda member: _by_number(member.filename))


def _without_numbers(member: zipfile.ZipInfo) -> str:
    return re.sub(r"\d+", "", member.filename)


def _by_number(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def first_line(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the first line of a file, which in a table names the columns."""
    with archive.open(member) as file:
        return _first_line(file)


def _first_line(file: IO[bytes]) -> bytes:
    return file.readline(_HEADER_BYTES).removeprefix(codecs.BOM_UTF8).strip()


def same_columns(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], read: zipfile.ZipInfo
) -> list[str]:
    """Return the names of other tables with the same columns as the one that is read."""
    ending = PurePosixPath(read.filename).suffix.lower()
    columns = _columns(archive, read)
    others = (
        each for each in members if each is not read and PurePosixPath(each.filename).suffix.lower() == ending
    )
    return [each.filename for each in others if columns and _columns(archive, each) == columns]


def _columns(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> object:
    """What tells the columns of a file: its header, or the keys of its first object; None where nothing does."""
    ending = PurePosixPath(member.filename).suffix.lower()
    if ending in _TABLES:
        return first_line(archive, member)
    if ending not in _LINES:
        return None
    try:
        row = json.loads(first_line(archive, member))
    except ValueError:
        return None
    return set(row) if isinstance(row, dict) else None


def joined(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], piece_bytes: int) -> Iterator[bytes]:
    """Yield the content of one part after another; the header of a table comes once."""
    for index, member in enumerate(members):
        with archive.open(member) as file:
            if index and PurePosixPath(member.filename).suffix.lower() in _TABLES:
                _first_line(file)
            last = b"\n"
            while piece := file.read(piece_bytes):
                last = piece[-1:]
                yield piece
            if last != b"\n":
                yield b"\n"
