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

from workers.contracts.texts import Text
from workers.ingest.archive_parts import (
    are_labelled_texts,
    joined,
    numbered_parts,
    same_columns,
    write_labelled_texts,
)
from workers.ingest.documents import are_documents, is_text, write_documents
from workers.ingest.source import Source
from workers.ingest.split_parts import split_parts, training_part, unread_alike, unread_splits
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
            source.notes.append(Text("files.unpacked", name=name))
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
            Text("files.archive_damaged", name=name, error=str(error)[:200] or type(error).__name__),
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
    files = [member for member in members if _is_content(member)]
    return sorted(filter(_may_hold_data, files), key=lambda member: -member.file_size)


def _is_content(member: zipfile.ZipInfo) -> bool:
    """Whether a file is neither empty, nor hidden, nor a note on the others."""
    place = PurePosixPath(member.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    is_note = place.stem.lower() in ("readme", "license", "licence", "requirements", "manifest")
    return not member.is_dir() and not is_hidden and not is_note and member.file_size > 0


def _may_hold_data(member: zipfile.ZipInfo) -> bool:
    names = {suffix.lower() for suffix in PurePosixPath(member.filename).suffixes[-2:]}
    return bool(names & _DATA_EXTENSIONS)


def _from_zip(
    source: Source,
    members: list[zipfile.ZipInfo],
    work: Path,
    part: str | None,
    on_bytes: Callable[[int], None],
) -> Source:
    names = [member.filename for member in members]
    try:
        with _told("zip"), zipfile.ZipFile(source.path) as archive:
            if part not in names and (together := _read_together(source, archive, members, work, on_bytes)):
                return together
            if not members:
                raise JobError("no_data_in_archive", Text("files.archive_without_data"), field="source")
            return _one_of(source, archive, members, work, part, on_bytes)
    except RuntimeError as error:
        raise JobError(
            "locked_file",
            Text("files.archive_has_password"),
            field="source",
        ) from error


def _read_together(
    source: Source,
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    work: Path,
    on_bytes: Callable[[int], None],
) -> Source | None:
    """Unpack files that belong together as one; None where they do not."""
    counted = _Counted(source, on_bytes)
    if are_labelled_texts(members):
        write_labelled_texts(archive, members, work / "unpacked", counted)
        source.notes.append(Text("files.archive_of_texts_by_label", files=len(members)))
        return replace(source, path=work / "unpacked", filename="texts.jsonl", written_from="txt")
    if documents := _documents(archive, members):
        divided = write_documents(archive, documents, work / "unpacked", counted)
        source.notes.append(Text("files.archive_of_documents", files=len(documents)))
        if divided:
            source.notes.append(Text("files.documents_divided", documents=divided))
        return replace(source, path=work / "unpacked", filename="documents.jsonl", written_from="txt")
    if not members:
        return None
    read = _default(members)
    if splits := split_parts(
        read.filename, [read.filename, *same_columns(archive, members[:_MOST_PARTS], read)]
    ):
        return _splits(source, archive, members, splits, work, counted)
    parts = numbered_parts(archive, members, read)
    if len(parts) < 2:
        return None
    with (work / "unpacked").open("wb") as stream:
        for piece in joined(archive, parts, _PIECE):
            counted(len(piece))
            stream.write(piece)
    names = [member.filename for member in parts]
    if unread := unread_splits(names[0], [member.filename for member in members]):
        source.notes.append(unread)
    source.notes.append(Text("files.archive_parts_joined", parts=len(parts), first=names[0], last=names[-1]))
    whole = f"{names[0]} + {len(names) - 1}"
    every = sorted((member.filename for member in members), key=lambda name: name not in names)
    source.parts, source.part = [whole, *every[: _MOST_PARTS - 1]], whole
    return replace(source, path=work / "unpacked", filename=PurePosixPath(names[0]).name)


def _documents(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The documents of an archive that holds no other data; none where its texts are something else."""
    texts = [member for member in archive.infolist() if _is_content(member) and is_text(member.filename)]
    only_texts = all(is_text(member.filename) for member in members)
    return texts if only_texts and are_documents(archive, texts) else []


def _splits(
    source: Source,
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    splits: dict[str, str],
    work: Path,
    counted: "_Counted",
) -> Source:
    """Unpack files that are named after splits, each to a file of its own."""
    names, files = list(splits), []
    for index, name in enumerate(names):
        files.append((work / f"unpacked-{index}", PurePosixPath(name).name))
        with archive.open(name) as packed, files[-1][0].open("wb") as stream:
            while piece := packed.read(_PIECE):
                counted(len(piece))
                stream.write(piece)
    every = [member.filename for member in members]
    if unread := unread_splits(names[0], [name for name in every if name not in names]):
        source.notes.append(unread)
    whole = replace(source, path=files[0][0], filename=files[0][1], parts=every[: _MOST_PARTS - 1])
    whole.read_splits(splits, files)
    return whole


class _Counted:
    """Holds what is unpacked to the limits."""

    def __init__(self, source: Source, on_bytes: Callable[[int], None]) -> None:
        self._source, self._on_bytes, self._size = source, on_bytes, 0

    def __call__(self, size: int) -> None:
        self._size += size
        self._source.limits.require_unpacked(self._size)
        self._source.limits.require_time()
        self._on_bytes(self._size)


def _default(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The file that is read where a person chose none: the training data, else the largest."""
    training = training_part([member.filename for member in members])
    return next((member for member in members if member.filename == training), members[0])


def _one_of(
    source: Source,
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    work: Path,
    part: str | None,
    on_bytes: Callable[[int], None],
) -> Source:
    names = [member.filename for member in members]
    chosen = next((member for member in members if member.filename == part), _default(members))
    source.limits.require_unpacked(chosen.file_size)
    with archive.open(chosen) as stream:
        _copy(stream, work / "unpacked", source, on_bytes)
    if len(members) > 1:
        source.notes.append(
            Text("files.archive_with_several_files", files=len(members), name=chosen.filename)
        )
    if unread := unread_splits(chosen.filename, names):
        source.notes.append(unread)
    elif chosen.filename != part and (alike := same_columns(archive, members[:_MOST_PARTS], chosen)):
        source.warnings.append(unread_alike(chosen.filename, alike))
    source.parts, source.part = names[:_MOST_PARTS], chosen.filename
    return replace(source, path=work / "unpacked", filename=PurePosixPath(chosen.filename).name)
