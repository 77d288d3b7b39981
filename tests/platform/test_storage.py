"""Files and folders in a store behave the same in a folder and behind the S3 API."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from launcher.environment import free_port
from launcher.guard import die_with_parent
from workers.shared.cache import Cache
from workers.shared.storage import PUBLISHED_NAME, Storage, StorageError

START_SECONDS = 60


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    """Address of an S3 API server that keeps everything in memory."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2)
            break
        except urllib.error.URLError:
            assert server.poll() is None, "the S3 server ended"
            assert time.monotonic() < deadline, "the S3 server did not start"
            time.sleep(0.1)
    yield url
    server.kill()
    server.wait()


@pytest.fixture(params=["file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        return f"file://{tmp_path / 'store'}"
    endpoint = request.getfixturevalue("s3_endpoint")
    for name, value in (("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    bucket = f"bucket-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    return f"s3://{bucket}/studio?endpoint={endpoint}&region=us-east-1"


@pytest.fixture
def store(url: str) -> Storage:
    """A new store; nobody made its folder or bucket before."""
    storage = Storage(url)
    storage.create()
    return storage


def folder_of(path: Path, **files: str) -> Path:
    for name, text in files.items():
        target = path / name.replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return path


def test_written_bytes_come_back_with_size_and_hash(store: Storage) -> None:
    data = os.urandom(3 << 20)
    size, digest = store.write("uploads/a.bin", iter([data[: 1 << 20], data[1 << 20 :]]))
    assert (size, digest) == (len(data), hashlib.sha256(data).hexdigest())
    with store.open("uploads/a.bin") as stream:
        assert stream.read() == data
    assert store.size("uploads/a.bin") == len(data)


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(store: Storage) -> None:
    with pytest.raises(StorageError):
        store.write("uploads/big", iter([b"x" * 600, b"x" * 600]), limit_bytes=1000)
    assert not store.exists("uploads/big")
    assert store.list("uploads") == []


def test_a_missing_file_says_so(store: Storage) -> None:
    assert not store.exists("nowhere/at-all")
    with pytest.raises(StorageError, match="nowhere/at-all"):
        store.open("nowhere/at-all")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "a/../../b", "a\\b", "a\0b"])
def test_keys_that_leave_the_store_are_refused(store: Storage, key: str) -> None:
    with pytest.raises(StorageError):
        store.exists(key)


def test_a_published_folder_comes_back_whole(store: Storage, tmp_path: Path) -> None:
    source = folder_of(tmp_path / "model", **{"config.json": "{}", "deep__weights.bin": "w" * 1000})
    assert not store.is_published("models/m1")
    store.publish(source, "models/m1")
    assert store.is_published("models/m1")
    assert sorted(store.list("models/m1")) == sorted(
        f"models/m1/{name}" for name in ("config.json", "deep/weights.bin", PUBLISHED_NAME)
    )
    fetched = store.fetch("models/m1", Cache(tmp_path / "cache"))
    assert (fetched / "config.json").read_text() == "{}"
    assert (fetched / "deep" / "weights.bin").read_text() == "w" * 1000


def test_publishing_on_the_same_disk_copies_nothing(tmp_path: Path) -> None:
    store = Storage(f"file://{tmp_path / 'store'}")
    source = folder_of(tmp_path / "model", **{"weights.bin": "w" * 1000})
    assert store.publish(source, "models/m1") == 1000
    published = tmp_path / "store" / "models" / "m1" / "weights.bin"
    assert published.stat().st_ino == (source / "weights.bin").stat().st_ino
    (source / "weights.bin").unlink()
    assert published.read_text() == "w" * 1000


def test_publishing_from_another_disk_copies(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")  # noqa: S108  (a disk of its own on Linux)
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk")
    store = Storage(f"file://{tmp_path / 'store'}")
    with tempfile.TemporaryDirectory(dir=elsewhere) as folder:
        source = folder_of(Path(folder), **{"weights.bin": "w" * 1000})
        assert store.publish(source, "models/m1") == 1000
    assert (tmp_path / "store" / "models" / "m1" / "weights.bin").read_text() == "w" * 1000


def test_a_link_in_a_folder_is_published_as_the_file_that_it_leads_to(tmp_path: Path) -> None:
    store = Storage(f"file://{tmp_path / 'store'}")
    source = folder_of(tmp_path / "model", **{"weights.bin": "w"})
    (source / "same.bin").symlink_to(source / "weights.bin")
    store.publish(source, "models/m1")
    published = tmp_path / "store" / "models" / "m1" / "same.bin"
    assert not published.is_symlink()
    assert published.read_text() == "w"


def test_a_deleted_folder_is_gone_and_no_longer_published(store: Storage, tmp_path: Path) -> None:
    store.publish(folder_of(tmp_path / "model", **{"config.json": "{}"}), "models/m2")
    store.delete("models/m2")
    assert not store.is_published("models/m2")
    assert store.list("models/m2") == []
    store.delete("models/m2")


def test_a_folder_without_its_marker_is_not_published(store: Storage) -> None:
    store.write("models/half/config.json", iter([b"{}"]))
    assert store.exists("models/half/config.json")
    assert not store.is_published("models/half")


def test_folder_size_counts_everything_in_it(store: Storage) -> None:
    store.write("data/a", iter([b"12345"]))
    store.write("data/deep/b", iter([b"123"]))
    assert store.size("data") == 8
    assert store.size("nothing") == 0


def test_creating_a_store_again_keeps_what_is_in_it(store: Storage) -> None:
    store.write("kept", iter([b"1"]))
    store.create()
    assert store.exists("kept")


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(StorageError, match="STORAGE_URL"):
        Storage("ftp://somewhere/else")


def test_threads_that_fetch_the_same_folder_all_get_it_whole(url: str, tmp_path: Path) -> None:
    store, folder = Storage(url), tmp_path / "model"
    folder.mkdir()
    for number in range(8):
        (folder / f"part-{number}").write_bytes(bytes([number]) * 300_000)
    store.create()
    store.publish(folder, "models/m")

    def fetch_and_read(_: int) -> list[bytes]:
        found = store.fetch("models/m", Cache(tmp_path / "cache"))
        return [(found / f"part-{number}").read_bytes() for number in range(8)]

    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(fetch_and_read, range(4)))
    assert read == [[bytes([number]) * 300_000 for number in range(8)]] * 4
    if not store.local_root:
        assert [path.name for path in (tmp_path / "cache").iterdir()] == ["models%2Fm"]
