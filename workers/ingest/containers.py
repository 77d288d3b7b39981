"""Compressed files and archives: the one data file inside is unpacked to the disk, as far as the limit lets it."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pyarrow as pa

from workers.ingest.source import Source
from workers.ingest.split_parts import training_part, unread_splits
from workers.runtime.reporter import JobError

_PIECE = 1 << 20
_DATA_EXTENSIONS = frozenset(
    (
        ".csv",
        ".tsv",
        ".tab",
        ".txt",
        ".json",
        ".jsonl",
        ".ndjson",
        ".parquet",
        ".arrow",
        ".feather",
        ".xlsx",
        ".xlsm",
        ".xls",
        ".xlsb",
        ".ods",
    )
)
_MOST_PARTS = 200
_DAMAGE = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    pa.ArrowException,
    ValueError,
)


def _zstd(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))


_OPENERS: dict[bytes, tuple[str, Callable[[Path], Any], tuple[str, ...]]] = {
    b"\x1f\x8b": ("gzip", gzip.open, (".gz", ".gzip")),
    b"BZh": ("bzip2", bz2.open, (".bz2",)),
    b"\xfd7zXZ\0": ("xz", lzma.open, (".xz",)),
    b"\x28\xb5\x2f\xfd": ("Zstandard", _zstd, (".zst", ".zstd")),
}


def unpacked(source: Source, work: Path, part: str | None, on_bytes: Callable[[int], None]) -> Source:
    """Return the file inside a compressed one or an archive, unpacked below `work`; any other source as it is.

    Raises JobError for a damaged or locked archive, one without data, and one that expands beyond the limit.
    """
    with source.path.open("rb") as stream:
        head = stream.read(6)
    for signature, (name, opened, endings) in _OPENERS.items():
        if head.startswith(signature) and not _is_text_after_all(signature, source.path):
            inner = _inner_name(source.filename, endings)
            with _told(name), opened(source.path) as stream:
                _copy(stream, work / "unpacked", source, on_bytes)
            source.notes.append(f"The file was unpacked from {name}.")
            return replace(source, path=work / "unpacked", filename=inner)
    if head.startswith(b"PK\x03\x04") and (names := _data_files(source.path)) is not None:
        return _from_zip(source, names, work, part, on_bytes)
    return source


def _is_text_after_all(signature: bytes, path: Path) -> bool:
    """Whether a text begins with BZh, as a word might."""
    if signature != b"BZh":
        return False
    with path.open("rb") as stream:
        return b"1AY&SY" not in stream.read(32)


def _inner_name(filename: str, endings: tuple[str, ...]) -> str:
    for ending in endings:
        if filename.lower().endswith(ending):
            return filename[: -len(ending)]
    return filename


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except JobError:
        raise
    except MemoryError:
        raise
    except _DAMAGE as error:
        raise JobError(
            "damaged_file",
            f"This {name} file is damaged or ends too early ({str(error)[:200] or type(error).__name__}). Pack it again, then upload it.",
            field="source",
        ) from error


def _copy(stream: IO[bytes], path: Path, source: Source, on_bytes: Callable[[int], None]) -> None:
    size = 0
    with path.open("wb") as unpacked_file:
        while piece := stream.read(_PIECE):
            size += len(piece)
            source.limits.require_unpacked(size)
            source.limits.require_time()
            unpacked_file.write(piece)
            on_bytes(size)


def _data_files(path: Path) -> list[zipfile.ZipInfo] | None:
    """The files of an archive that may hold data, the largest first; None for a document that is a zip file itself."""
    with _told("zip"), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    names = {member.filename for member in members}
    if "[Content_Types].xml" in names or "content.xml" in names or "mimetype" in names:
        return None
    if any(name.startswith(("xl/", "word/", "ppt/", "META-INF/")) for name in names):
        return None
    files = [member for member in members if _may_hold_data(member)]
    return sorted(files, key=lambda member: -member.file_size)


def _may_hold_data(member: zipfile.ZipInfo) -> bool:
    place = PurePosixPath(member.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    names = {suffix.lower() for suffix in place.suffixes[-2:]}
    is_note = place.stem.lower() in ("readme", "license", "licence", "requirements", "manifest")
    return (
        not member.is_dir()
        and not is_hidden
        and not is_note
        and bool(names & _DATA_EXTENSIONS)
        and member.file_size > 0
    )


def _from_zip(
    source: Source,
    members: list[zipfile.ZipInfo],
    work: Path,
    part: str | None,
    on_bytes: Callable[[int], None],
) -> Source:
    if not members:
        raise JobError(
            "no_data_in_archive",
            "This zip archive holds no data file. Put a CSV, TSV, JSON, JSONL, Parquet, Arrow, Excel or text file into it.",
            field="source",
        )
    names = [member.filename for member in members]
    wanted = part if part in names else training_part(names)
    chosen = next((member for member in members if member.filename == wanted), members[0])
    source.limits.require_unpacked(chosen.file_size)
    try:
        with _told("zip"), zipfile.ZipFile(source.path) as archive, archive.open(chosen) as stream:
            _copy(stream, work / "unpacked", source, on_bytes)
    except RuntimeError as error:
        raise JobError(
            "locked_file",
            "This zip archive is protected by a password. Pack it again without one, then upload it.",
            field="source",
        ) from error
    if len(members) > 1:
        source.notes.append(f"The archive holds {len(members)} data files; “{chosen.filename}” was read.")
    if unread := unread_splits(chosen.filename, names):
        source.notes.append(unread)
    source.parts, source.part = names[:_MOST_PARTS], chosen.filename
    return replace(source, path=work / "unpacked", filename=PurePosixPath(chosen.filename).name)
