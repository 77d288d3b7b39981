"""What kind of file this is. The content decides; the extension only breaks ties."""

import json
import re
import zipfile
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from workers.ingest.dialect import SINGLE_COLUMN, TABS, find_dialect
from workers.ingest.encodings import utf16_without_bom
from workers.ingest.readers.chat_exports import chat_people
from workers.ingest.readers.json_shapes import begins_with_splits
from workers.ingest.readers.transcripts import boundary
from workers.ingest.source import Source
from workers.ingest.text_kinds import other_kind, other_use
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


class Format(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"
    ARROW = "arrow"
    EXCEL = "excel"
    TEXT = "text"


BINARY_FORMATS = frozenset((Format.PARQUET, Format.ARROW, Format.EXCEL))


def not_a_table(what: str) -> JobError:
    article_free = what.removeprefix("a ").removeprefix("an ")
    advice = "Unpack it and upload the file inside." if "archive" in article_free else _FORMATS_HINT
    return JobError("not_a_table", f"This is {what}, not a table. {advice}", field="source")


def binary_format(path: Path) -> Format | None:
    """Return PARQUET, ARROW or EXCEL, or None for text. Raises JobError for an empty file and every other binary kind."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise JobError("empty_file", f"This file is empty. {_FORMATS_HINT}", field="source")
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith(b"ARROW1\0\0") or is_arrow_stream(head):
        return Format.ARROW
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Format.EXCEL
    for signature, what in _MAGIC:
        if head.startswith(signature) and (signature not in _TEXT_LIKE or b"\0" in head):
            raise not_a_table(what)
    _refuse_other_binaries(head)
    return None


def is_arrow_stream(head: bytes) -> bool:
    """Whether a file begins with the message of a schema: FF FF FF FF, its length, then flatbuffers metadata whose
    version and type are near its root (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format)."""
    length = int.from_bytes(head[4:8], "little")
    if not head.startswith(b"\xff\xff\xff\xff") or length % 8 or not 16 <= length <= len(head) - 8:
        return False
    try:
        return bool(pa.ipc.read_schema(pa.py_buffer(head)).names)
    except (pa.ArrowException, OSError, ValueError):
        return False


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


def _zip_format(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise JobError(
            "damaged_file",
            "This file is a damaged Excel workbook or zip archive. Save it again, then upload it again.",
            field="source",
        ) from error
    if any(name.startswith("xl/") for name in names) or "content.xml" in names:
        return Format.EXCEL
    if any(name.startswith("word/") for name in names):
        raise not_a_table("a Word document")
    if any(name.startswith("ppt/") for name in names):
        raise not_a_table("a PowerPoint presentation")
    raise not_a_table("a zip archive")


def text_format(source: Source) -> Format:
    """Tell JSON, JSONL, delimited and plain text apart."""
    sample = source.sample().lstrip("\ufeff \t\r\n")
    if re.match(
        r"\[\s*([{\[\"\]]|-?\d+(\.\d+)?([eE][-+]?\d+)?\s*[,\]]|true|false|null)", sample
    ) and not _lines_are_json(sample):
        return Format.JSON
    if sample.startswith("[") and _lines_are_json(sample) and re.match(r"\[.*\]\s*\n", sample):
        return Format.JSONL
    if re.match(r"\{\s*[\"'}]", sample):
        if "\n" not in sample.rstrip() or begins_with_splits(sample):
            return Format.JSON
        return Format.JSONL if _lines_are_json(sample) or not _begins_document(sample) else Format.JSON
    if source.extension in (".jsonl", ".ndjson"):
        return Format.JSONL
    if source.extension == ".json":
        return Format.JSON
    if source.extension not in (".csv", ".tsv"):
        if other := other_use(source.sample()):
            raise JobError("not_a_table", other, field="source")
        if chat_people(source.sample()):
            return Format.TEXT
    dialect = find_dialect(source.sample(newline=""), source.extension)
    is_text = dialect.delimiter == SINGLE_COLUMN and source.extension not in (".csv", ".tsv")
    kind = other_kind(source.sample(), source.extension)
    if kind and (is_text or kind.endswith("(CoNLL)")) and not boundary(source.sample()):
        raise not_a_table(kind)
    if is_text:
        return Format.TEXT
    return Format.TSV if dialect.delimiter in ("\t", TABS) else Format.CSV


def _lines_are_json(sample: str) -> bool:
    """Whether at least half of several first lines look like one whole object or list each."""
    lines = [line.strip() for line in sample.split("\n")[:40] if line.strip()][:20]
    return len(lines) > 1 and sum(map(_looks_whole, lines)) * 2 >= len(lines)


def _looks_whole(line: str) -> bool:
    """Whether a line seems to be one object or list. Plain texts stand in brackets too: [Chorus], [10.0.0.1]."""
    if line[0] + line[-1] != "[]":
        return line[0] + line[-1] == "{}"
    try:
        return isinstance(json.loads(line), list)
    except (ValueError, RecursionError):
        return False


def _begins_document(sample: str) -> bool:
    """Whether the first line alone is no JSON value, so that the value must go on below (or is broken)."""
    first, _, rest = sample.partition("\n")
    try:
        json.loads(first)
    except ValueError:
        goes_on = first.rstrip().endswith(("[", "{", ":", ","))
        return goes_on or not rest.strip() or not rest.lstrip().startswith("{")
    except RecursionError:
        return True
    return False
