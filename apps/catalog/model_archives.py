"""Zip archives with a model, as strangers may have made them: nothing is read from one before its list of files is checked."""

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from apps.catalog.model_files import MOST_CONFIG_BYTES, FoundModel, describe_files
from apps.core.errors import UserError
from apps.core.texts import translated
from workers.contracts.hub_models import CONFIG_NAME, is_downloaded

_MOST_FILES = 1_000
_MOST_RATIO = 20
"""Weights hardly shrink in a zip archive. What unpacks to much more than this is no model."""
_SMALL_BYTES = 64 << 20
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")
_ENCRYPTED = 0x1
_CHUNK_BYTES = 1 << 20
_MOST_LIST_BYTES = 1 << 20
"""Of the archive's list of files. zipfile reads all of it, whatever it holds."""
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for archives that it cannot read; NotImplementedError is a RuntimeError."""
_END, _END_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64_BYTES, _LONGEST_COMMENT = 20, (1 << 16) - 1


@dataclass(frozen=True)
class ModelArchive:
    """A checked archive. `model` can be a base, `members` are the files that it needs."""

    model: FoundModel
    members: list[zipfile.ZipInfo]
    archive: zipfile.ZipFile

    def chunks(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """The content of a file. Raises UserError if it is damaged."""
        try:
            with self.archive.open(member) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    yield chunk
        except _DAMAGE as error:
            raise _refused(_damaged()) from error


def _refused(message: str) -> UserError:
    return UserError(message, field="file", code="unfit")


def _damaged() -> str:
    return _("This is not a readable zip archive. Pack the folder of the model as a zip archive again.")


@contextmanager
def opened_archive(file: IO[bytes], name: str) -> Iterator[ModelArchive]:
    """Open an archive whose model can be a base. Raises UserError at field `file`."""
    try:
        _require_short_list(file)
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        raise _refused(_damaged()) from error
    with archive:
        files = _checked_files(archive)
        folder = _folder_of(files)
        inside = {
            path.name: member
            for path, member in files.items()
            if str(path.parent) == folder and is_downloaded(path.name)
        }
        yield ModelArchive(_described(archive, inside, name), list(inside.values()), archive)


def _require_short_list(file: IO[bytes]) -> None:
    """Raise UserError where the list of files is longer than that of any model, before it is read."""
    size = file.seek(0, os.SEEK_END)
    begin = max(0, size - _END.size - _LONGEST_COMMENT - _LOCATOR_64_BYTES - _END_64.size)
    file.seek(begin)
    tail = file.read()
    file.seek(0)
    # Found as zipfile finds it: without a comment at the very end, and where there is one, the last that looks like it.
    is_last = tail[-_END.size :].startswith(b"PK\5\6") and tail.endswith(b"\0\0")
    place = len(tail) - _END.size if is_last else tail.rfind(b"PK\5\6")
    if place < 0 or place + _END.size > len(tail):
        return
    listed = [_END.unpack_from(tail, place)[5]]
    large = place - _LOCATOR_64_BYTES - _END_64.size
    if large >= 0 and tail[place - _LOCATOR_64_BYTES :].startswith(b"PK\6\7"):
        listed.append(_END_64.unpack_from(tail, large)[8])
    # The format has these in place of numbers that the larger record holds.
    if max(number for number in listed if number != 0xFFFFFFFF or len(listed) == 1) > _MOST_LIST_BYTES:
        raise _refused(
            _("The archive has more than %(most)d files. Pack only the folder of the model.")
            % {"most": _MOST_FILES}
        )


def _checked_files(archive: zipfile.ZipFile) -> dict[PurePosixPath, zipfile.ZipInfo]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > _MOST_FILES:
        text = _(
            "The archive has %(n)d files, more than the limit of %(most)d. Pack only the folder of the model."
        )
        raise _refused(text % {"n": len(members), "most": _MOST_FILES})
    files: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for member in members:
        path = PurePosixPath(member.filename)
        _require_harmless(member, path)
        if path in files:
            raise _refused(
                _("The archive has two files named %(name)s. Pack the folder of the model again.")
                % {"name": member.filename[:200]}
            )
        # macOS adds these.
        if path.parts[0] != "__MACOSX":
            files[path] = member
    unpacked, packed = (sum(getattr(m, size) for m in members) for size in ("file_size", "compress_size"))
    if unpacked > max(_SMALL_BYTES, _MOST_RATIO * packed):
        raise _refused(
            _(
                "The archive unpacks to far more than its own size, so it is not unpacked. Pack the folder of the model again."
            )
        )
    return files


def _require_harmless(member: zipfile.ZipInfo, path: PurePosixPath) -> None:
    name = member.filename[:200]
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
        raise _refused(
            _("The archive has a file outside of its folder: %(name)s. Pack the folder of the model again.")
            % {"name": name}
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        text = _("The archive has a link: %(name)s. Pack the files themselves.")
        raise _refused(text % {"name": name})
    if member.flag_bits & _ENCRYPTED:
        raise _refused(_("The archive is encrypted. Pack it without a password."))
    if path.suffix.lower() in _PICKLES:
        text = _(
            "The archive has pickled weights (%(name)s), which can run code when they are opened. Convert the model to safetensors, and leave this file out."
        )
        raise _refused(text % {"name": name})


def _folder_of(files: dict[PurePosixPath, zipfile.ZipInfo]) -> str:
    """The folder of the archive with the model: the one with a config.json, the uppermost if there are several."""
    found = sorted(
        (path.parent for path in files if path.name == CONFIG_NAME), key=lambda one: len(one.parts)
    )
    if not found:
        raise _refused(
            _(
                "There is no config.json in the archive. Pack the whole folder of the model, as transformers saves it."
            )
        )
    if len(found) > 1 and len(found[0].parts) == len(found[1].parts):
        text = _("The archive has several models: %(one)s and %(other)s. Pack one of them.")
        raise _refused(text % {"one": found[0], "other": found[1]})
    return str(found[0])


def _described(archive: zipfile.ZipFile, inside: dict[str, zipfile.ZipInfo], name: str) -> FoundModel:
    config = inside[CONFIG_NAME]
    content = None
    if config.file_size <= MOST_CONFIG_BYTES:
        try:
            content = archive.read(config)
        except _DAMAGE as error:
            raise _refused(_damaged()) from error
    model = describe_files(name, {file: member.file_size for file, member in inside.items()}, content)
    if model.obstacle is not None or model.family is None:
        raise _refused(translated(model.obstacle))
    return model
