"""What kind of file this is. The content decides; the extension only breaks ties."""

import re
import zipfile
from pathlib import Path

from workers.contracts.texts import Text
from workers.ingest.encodings import utf16_without_bom
from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.source import Source
from workers.runtime.reporter import JobError

_HEAD_BYTES = 64 * 1024
_FORMATS_HINT = Text("files.accepted_formats")

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", Text("files.kind_png")),
    (b"\xff\xd8\xff", Text("files.kind_jpeg")),
    (b"GIF87a", Text("files.kind_gif")),
    (b"GIF89a", Text("files.kind_gif")),
    (b"II*\0", Text("files.kind_tiff")),
    (b"MM\0*", Text("files.kind_tiff")),
    (b"%PDF-", Text("files.kind_pdf")),
    (b"{\\rtf", Text("files.kind_rtf")),
    (b"\x1f\x8b", Text("files.kind_nested_gzip")),
    (b"\xfd7zXZ\0", Text("files.kind_nested_xz")),
    (b"7z\xbc\xaf\x27\x1c", Text("files.kind_7z")),
    (b"Rar!\x1a\x07", Text("files.kind_rar")),
    (b"\x28\xb5\x2f\xfd", Text("files.kind_nested_zstandard")),
    (b"\x7fELF", Text("files.kind_executable")),
    (b"\xca\xfe\xba\xbe", Text("files.kind_executable")),
    (b"\xcf\xfa\xed\xfe", Text("files.kind_executable")),
    (b"SQLite format 3\0", Text("files.kind_sqlite")),
    (b"FEA1", Text("files.kind_feather_1")),
    (b"ORC", Text("files.kind_orc")),
    (b"Obj\x01", Text("files.kind_avro")),
    (b"\x93NUMPY", Text("files.kind_numpy")),
    (b"OggS", Text("files.kind_audio")),
    (b"ID3", Text("files.kind_audio")),
    (b"fLaC", Text("files.kind_audio")),
)
_TEXT_LIKE = (b"ORC", b"ID3", b"FEA1")
"""Signatures that a text could begin with; these count only when the rest is binary."""


def not_a_table(what: str) -> JobError:
    article_free = what.removeprefix("a ").removeprefix("an ")
    advice = Text("files.advice_unpack") if "archive" in article_free else _FORMATS_HINT
    return JobError("not_a_table", Text("files.not_a_table", kind=what, advice=advice), field="source")


def binary_format(path: Path) -> ImportFormat | None:
    """Return the format of a binary file, or None for text. Raises JobError for an empty file and every other binary kind."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise JobError("empty_file", Text("files.empty", advice=_FORMATS_HINT), field="source")
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
        raise not_a_table(
            {b"M": Text("files.kind_executable"), b"B": Text("files.kind_bmp")}.get(
                head[:1], Text("files.kind_media")
            )
        )
    if head[4:8] == b"ftyp":
        raise not_a_table(Text("files.kind_video"))
    if head[257:262] == b"ustar":
        raise not_a_table(Text("files.kind_tar"))
    if re.match(rb"(\xef\xbb\xbf)?\s*(<!doctype html|<html)", head, re.IGNORECASE):
        raise not_a_table(Text("files.kind_html"))
    if re.match(rb"(\xef\xbb\xbf)?\s*<\?xml", head):
        raise not_a_table(Text("files.kind_xml"))
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or utf16_without_bom(head):
        return
    control = sum(
        head.count(bytes([code])) for code in range(2, 32) if code not in (9, 10, 11, 12, 13, 26, 27)
    )
    if control > max(16, len(head) // 20):
        raise not_a_table(Text("files.kind_binary"))


def _other_archive(path: Path) -> JobError:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return JobError(
            "damaged_file",
            Text("files.damaged_workbook"),
            field="source",
        )
    if any(name.startswith("word/") for name in names):
        return not_a_table(Text("files.kind_word"))
    if any(name.startswith("ppt/") for name in names):
        return not_a_table(Text("files.kind_powerpoint"))
    return not_a_table(Text("files.kind_zip"))
