"""Where files live: one folder, or one bucket with an S3 API, named by STORAGE_URL.

    file:///var/lib/maquette/storage
    s3://bucket/prefix?endpoint=http://minio:9000&region=us-east-1   credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY

A key is a relative path ("models/<id>"). A folder counts as published once its manifest file exists; that file is
written last and removed first.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import parse_qs, unquote, urlsplit

from pyarrow import fs

from workers.shared.cache import Cache

PUBLISHED_NAME = ".published"
_CHUNK_BYTES = 1 << 20
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


class StorageError(Exception):
    """A key that is not there, or a store that cannot be reached; the message says which."""


def _checked(key: str) -> str:
    path = PurePosixPath(key)
    if not key or path.is_absolute() or ".." in path.parts or "\\" in key or "\0" in key:
        raise StorageError(f"Not a storage key: {key!r}")
    return str(path)


class Storage:
    """One store. Cheap to create; safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Raises StorageError when `url` is neither a file:// nor an s3:// address."""
        parts = urlsplit(url)
        self.local_root: Path | None = None
        if parts.scheme == "file":
            self.local_root = Path(unquote(parts.path))
            self.local_root.mkdir(parents=True, exist_ok=True)
            self._fs: fs.FileSystem = fs.LocalFileSystem()
            self._root = str(self.local_root)
        elif parts.scheme == "s3":
            options = {name: values[0] for name, values in parse_qs(parts.query).items()}
            endpoint = urlsplit(options.get("endpoint", ""))
            self._fs = fs.S3FileSystem(
                endpoint_override=endpoint.netloc or None,
                scheme=endpoint.scheme or "https",
                region=options.get("region", "us-east-1"),
                allow_bucket_creation=True,
                background_writes=False,
            )
            self._root = f"{parts.netloc}/{parts.path.strip('/')}".rstrip("/")
        else:
            raise StorageError(f"STORAGE_URL must begin with file:// or s3://, not {url!r}")

    def create(self) -> None:
        """Create the folder or the bucket where it is missing. Raises OSError when the store refuses."""
        self._fs.create_dir(self._root)

    def _path(self, key: str) -> str:
        return f"{self._root}/{_checked(key)}"

    def exists(self, key: str) -> bool:
        return bool(self._fs.get_file_info(self._path(key)).type != fs.FileType.NotFound)

    def is_published(self, key: str) -> bool:
        return self.exists(f"{key}/{PUBLISHED_NAME}")

    def size(self, key: str) -> int:
        """Bytes of a file, or of everything in a folder; 0 when there is nothing."""
        info = self._fs.get_file_info(self._path(key))
        if info.type == fs.FileType.File:
            return int(info.size)
        return sum(int(found.size) for found in self._files(key))

    def _files(self, key: str) -> list[fs.FileInfo]:
        selector = fs.FileSelector(self._path(key), recursive=True, allow_not_found=True)
        return [found for found in self._fs.get_file_info(selector) if found.type == fs.FileType.File]

    def list(self, key: str) -> list[str]:
        """Keys of all files below `key`."""
        return [found.path[len(self._root) + 1 :] for found in self._files(key)]

    def open(self, key: str) -> IO[bytes]:
        """Open for reading. Raises StorageError when there is no such file."""
        try:
            stream: Any = self._fs.open_input_file(self._path(key))
        except FileNotFoundError as error:
            raise StorageError(f"There is no file {key}") from error
        return stream

    def write(self, key: str, chunks: Iterator[bytes], *, limit_bytes: int | None = None) -> tuple[int, str]:
        """Write a file from chunks; return its size and SHA-256. A file over the limit is removed and refused."""
        path = self._path(key)
        self._make_parent(path)
        digest, size = hashlib.sha256(), 0
        part = f"{path}.part" if self.local_root else path
        try:
            with self._fs.open_output_stream(part) as stream:
                for chunk in chunks:
                    size += len(chunk)
                    if limit_bytes is not None and size > limit_bytes:
                        raise StorageError(f"The file is larger than {limit_bytes} bytes")
                    digest.update(chunk)
                    stream.write(chunk)
        except BaseException:
            self._remove_file(part)
            raise
        if part != path:
            self._fs.move(part, path)
        return size, digest.hexdigest()

    def _make_parent(self, path: str) -> None:
        if self.local_root:
            Path(path).parent.mkdir(parents=True, exist_ok=True)

    def _remove_file(self, path: str) -> None:
        if self._fs.get_file_info(path).type == fs.FileType.File:
            self._fs.delete_file(path)

    def delete(self, key: str) -> None:
        """Delete a file or a folder; nothing happens when there is none."""
        info = self._fs.get_file_info(self._path(key))
        if info.type == fs.FileType.File:
            self._fs.delete_file(info.path)
        elif info.type == fs.FileType.Directory:
            self._remove_file(f"{info.path}/{PUBLISHED_NAME}")
            self._fs.delete_dir(info.path)

    def publish(self, folder: Path, key: str) -> int:
        """Put a local folder under `key`, its marker last; return its bytes. What was there before is replaced.

        Where the store is a folder on the same disk, files are linked, not copied: they must not be written to afterwards.
        """
        self.delete(key)
        total = 0
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = f"{key}/{path.relative_to(folder).as_posix()}"
                total += path.stat().st_size if self._link(path, name) else self._copy(path, name)
        self.write(f"{key}/{PUBLISHED_NAME}", iter([b"1"]))
        return total

    def _link(self, path: Path, key: str) -> bool:
        """Give a local file a second name in the store. False where that cannot be: a bucket, another disk."""
        if not self.local_root or path.is_symlink():
            return False
        target = self._path(key)
        self._make_parent(target)
        try:
            os.link(path, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return False
        return True

    def _copy(self, path: Path, key: str) -> int:
        with path.open("rb") as stream:
            return self.write(key, _chunks(stream))[0]

    def fetch(self, key: str, cache: Cache) -> Path:
        """Return a local path with the file or folder under `key`: the thing itself when storage is local,
        else a copy in `cache`, fetched once and safe there for an hour; a caller that needs it for longer holds it.
        Raises StorageError when there is nothing."""
        if self.local_root:
            local = self.local_root / _checked(key)
            if not local.exists():
                raise StorageError(f"There is nothing under {key}")
            return local
        target = cache.place(_checked(key))
        if cache.use(target):
            return target
        files = self.list(key) or ([key] if self.exists(key) else [])
        if not files:
            raise StorageError(f"There is nothing under {key}")
        target.parent.mkdir(parents=True, exist_ok=True)
        # A folder of our own: threads and processes may fetch the same key at the same time.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as folder:
            staging = Path(folder) / target.name
            for name in files:
                path = staging if name == key else staging / name[len(key) + 1 :]
                path.parent.mkdir(parents=True, exist_ok=True)
                with self.open(name) as source, path.open("wb") as sink:
                    shutil.copyfileobj(source, sink, _CHUNK_BYTES)
            try:
                staging.rename(target)
            except OSError:
                # Another process fetched the same key first; that copy is as good as ours.
                if not target.exists():
                    raise
        cache.make_room()
        return target


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
