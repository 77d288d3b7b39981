"""What kind of file this is. The content decides; the extension only breaks ties."""

import re
import zipfile
from pathlib import Path

from workers.ingest.encodings import utf16_without_bom
from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.source import Source
from workers.runtime.reporter import JobError

_HEAD_BYTES = 64 * 1024
_FORMATS_HINT = "Upload a CSV, TSV, JSON, JSONL, Parquet, Arrow, Excel or plain text file."

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "a rich text (RTF) document"),
    (b"\x1f\x8b", "a gzip archive inside another one"),
    (b"\xfd7zXZ\0", "an xz archive inside another one"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive inside another one"),
    (b"\x7fELF", "an executable program"),
    (b"\xca\xfe\xba\xbe", "an executable program"),
    (b"\xcf\xfa\xed\xfe", "an executable program"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"FEA1", "a Feather file of version 1"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"OggS", "an audio file"),
    (b"ID3", "an audio file"),
    (b"fLaC", "an audio file"),
)
_TEXT_LIKE = (b"ORC", b"ID3", b"FEA1")
"""Signatures that a text could begin with; these count only when the rest is binary."""


def not_a_table(what: str) -> JobError:
    article_free = what.removeprefix("a ").removeprefix("an ")
    advice = "Unpack it and upload the file inside." if "archive" in article_free else _FORMATS_HINT
    return JobError("not_a_table", f"This is {what}, not a table. {advice}", field="source")


def binary_format(path: Path) -> ImportFormat | None:
    """Return the format of a binary file, or None for text. Raises JobError for an empty file and every other binary kind."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise JobError("empty_file", f"This file is empty. {_FORMATS_HINT}", field="source")
    for found in IMPORT_FORMATS.values():
        if found.begins and found.begins(head, path):
            return found
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise _other_archive(path)
    for signature, what in _MAGIC:
        if head.startswith(signature) and (signature not in _TEXT_LIKE or b"\0" in head):
            raise not_a_table(what)
    _refuse_other_binaries(head)
    return None


def text_format(source: Source) -> ImportFormat:
    """Return the format of a text. Raises JobError for texts that cannot be imported."""
    return next(found for found in IMPORT_FORMATS.values() if found.matches and found.matches(source))


def _refuse_other_binaries(head: bytes) -> None:
    if head.startswith((b"MZ", b"BM", b"RIFF")) and b"\0" in head[:64]:
        raise not_a_table({b"M": "an executable program", b"B": "a BMP image"}.get(head[:1], "a media file"))
    if head[4:8] == b"ftyp":
        raise not_a_table("a video or audio file")
    if head[257:262] == b"ustar":
        raise not_a_table("a tar archive")
    if re.match(rb"(\xef\xbb\xbf)?\s*(<!doctype html|<html)", head, re.IGNORECASE):
        raise not_a_table("a web page (HTML)")
    if re.match(rb"(\xef\xbb\xbf)?\s*<\?xml", head):
        raise not_a_table("an XML document")
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or utf16_without_bom(head):
        return
    control = sum(
        head.count(bytes([code])) for code in range(2, 32) if code not in (9, 10, 11, 12, 13, 26, 27)
    )
    if control > max(16, len(head) // 20):
        raise not_a_table("a binary file")


def _other_archive(path: Path) -> JobError:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return JobError(
            "damaged_file",
            "This file is a damaged Excel workbook or zip archive. Save it again, then upload it again.",
            field="source",
        )
    if any(name.startswith("word/") for name in names):
        return not_a_table("a Word document")
    if any(name.startswith("ppt/") for name in names):
        return not_a_table("a PowerPoint presentation")
    return not_a_table("a zip archive")
