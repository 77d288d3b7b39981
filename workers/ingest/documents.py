"""Archives of documents: each text file is one document of a corpus, and a long one is divided into several rows."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from workers.ingest.archive_parts import decoded
from workers.ingest.split_names import SPLIT_COLUMN, split_of_name

DOCUMENT_COLUMN = "document"
_TEXTS = (".txt", ".md", ".markdown", ".rst")
_FEWEST = 6
_HEAD_BYTES = 4096
_LEAST_CHARACTERS, _MOST_CHARACTERS = 2_000, 100_000
_ROWS = 100
"""A few books become about so many rows, within these lengths: enough to hold some of them out."""
_ENDS = ("\n\n", "\n", " ")
"""Where a long document is divided, if possible: between paragraphs, else lines, else words."""
_RECORD = re.compile(r"[\[{]|[^\t\n]*\t[^\t\n]*\S")


def is_text(name: str) -> bool:
    """Whether a file could be a document, by its name."""
    return PurePosixPath(name).suffix.lower() in _TEXTS


def are_documents(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether files are documents: several texts, none named after a split, that do not begin like tables or JSON."""
    places = [PurePosixPath(member.filename) for member in members]
    return (
        len(places) >= _FEWEST
        and all(is_text(place.name) for place in places)
        and all(split_of_name(place.stem) is None for place in places)
        and not any(_begins_with_records(archive, member) for member in members[:_FEWEST])
    )


def _begins_with_records(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as file:
        lines = [line for line in decoded(file.read(_HEAD_BYTES)).split("\n")[:20] if line.strip()]
    return bool(lines) and sum(bool(_RECORD.match(line)) for line in lines) * 2 > len(lines)


def write_documents(
    archive: zipfile.ZipFile,
    members: Sequence[zipfile.ZipInfo],
    path: Path,
    on_piece: Callable[[int], None],
) -> int:
    """Write rows of documents in the order of the archive, and return how many documents were divided.

    A folder that is named after a split names that of its documents.
    """
    divided = 0
    length = sum(member.file_size for member in members) // _ROWS
    most = min(_MOST_CHARACTERS, max(_LEAST_CHARACTERS, length))
    with path.open("w", encoding="utf-8") as stream:
        for member in sorted(members, key=lambda member: member.header_offset):
            folders = PurePosixPath(member.filename).parent.parts
            split = next((name for name in folders if split_of_name(name) is not None), None)
            on_piece(member.file_size)  # before it is unpacked into memory
            with archive.open(member) as file:
                parts = list(divide_document(decoded(file.read()), most))
            divided += len(parts) > 1
            for part in parts:
                row = {DOCUMENT_COLUMN: part} | ({SPLIT_COLUMN: split} if split else {})
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return divided


def divide_document(text: str, most: int) -> Iterator[str]:
    """Yield parts of at most `most` characters that together are the text, none of them much shorter than the others."""
    size = -(-len(text) // max(1, -(-len(text) // most)))
    begin = 0
    while begin < len(text):
        end = min(len(text), begin + size)
        if end < len(text):
            end = _end_of_part(text, begin + size // 2, end)
        if part := text[begin:end].strip("\n"):
            yield part
        begin = end


def _end_of_part(text: str, earliest: int, latest: int) -> int:
    for mark in _ENDS:
        place = text.rfind(mark, earliest, latest)
        if place >= 0:
            return place + len(mark)
    return latest
