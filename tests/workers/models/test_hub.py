"""Downloads from a Hub that is a process on loopback: what is fetched, and what is said when it is not."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from tests.fixtures import fake_hub
from workers.contracts.families import Family
from workers.contracts.recipes import HubBase
from workers.models import hub as hub_downloads
from workers.models.hub import fetch_from_hub
from workers.runtime.reporter import JobError, StopRequested

LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
BASE = HubBase(family=Family.CAUSAL, repo_id="some/model")
FILES = {
    "model.safetensors": 300_000,
    "tokenizer.json": 700,
    "pytorch_model.bin": 10,
    "onnx/model.safetensors": 10,
}


@pytest.fixture
def online(tmp_path: Path, monkeypatch: Any) -> Callable[[str], None]:
    """Lets downloads ask a Hub at an address, with an empty cache."""

    def ask(address: str) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(hub_downloads, "HfApi", lambda token: HfApi(endpoint=address, token=token))

    return ask


@pytest.fixture
def publish(tmp_path: Path, online: Callable[[str], None]) -> Iterator[Callable[..., Path]]:
    """Puts a model on a running Hub: its files with their sizes, its config.json, and what the Hub says of it."""
    with fake_hub.running_hub(tmp_path / "hub") as address:
        online(address)

        def put(
            config: dict[str, Any] | None = LLAMA, files: dict[str, int] | None = None, **facts: Any
        ) -> Path:
            folder = tmp_path / "hub" / "some" / "model" / "main"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for file, size in (files or FILES).items():
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).write_bytes(bytes(size))
            if config is not None:
                (folder / "config.json").write_text(json.dumps(config))
            (folder / fake_hub.FACTS).write_text(json.dumps(facts))
            return folder

        yield put


def _refusal(base: HubBase = BASE) -> JobError:
    with pytest.raises(JobError) as caught:
        fetch_from_hub(base)
    assert caught.value.field == "base"
    return caught.value


def test_what_the_studio_reads_is_downloaded_and_followed(publish) -> None:
    publish()
    followed: list[tuple[int, int]] = []
    folder = fetch_from_hub(BASE, lambda done, total: followed.append((done, total)))
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json"}
    # The config was there before: it is read first.
    assert followed[-1] == (300_700, 300_700)
    assert [done for done, _total in followed] == sorted(done for done, _total in followed)
    followed.clear()
    assert fetch_from_hub(BASE, lambda done, total: followed.append((done, total))) == folder
    assert followed == []


def test_a_download_ends_when_the_job_is_told_to_stop(publish) -> None:
    publish()

    def stop(_done: int, _total: int) -> None:
        raise StopRequested

    with pytest.raises(StopRequested):
        fetch_from_hub(BASE, stop)


@pytest.mark.parametrize(
    ("put", "code"),
    [
        ({"files": {"pytorch_model.bin": 9}}, "not_safetensors"),
        ({"files": {"onnx/model.safetensors": 9}}, "not_safetensors"),
        ({"files": {"model.gguf": 9}}, "only_quantized"),
        ({"config": {**LLAMA, "quantization_config": {"quant_method": "awq"}}}, "only_quantized"),
        (
            {"config": None, "files": {"adapter_config.json": 9, "adapter_model.safetensors": 9}},
            "only_adapter",
        ),
        ({"config": {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}}, "remote_code"),
        ({"config": {"model_type": "vit"}}, "unknown_type"),
        ({"fails": "gated"}, "hub_gated"),
        ({"fails": "busy"}, "hub_busy"),
        ({"fails": "html"}, "hub_not_a_hub"),
        ({"fails": "down"}, "no_network"),
    ],
)
def test_what_is_no_base_is_refused_before_its_weights_are_downloaded(publish, tmp_path, put, code) -> None:
    publish(**put)
    assert _refusal().code == code
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


def test_a_missing_model_is_told(publish) -> None:
    error = _refusal(HubBase(family=Family.CAUSAL, repo_id="some/missing"))
    assert error.code == "hub_not_found"
    assert "some/missing" in error.message


def test_a_token_opens_a_gated_model(publish, monkeypatch) -> None:
    publish(fails="gated")
    monkeypatch.setenv("HF_TOKEN", fake_hub.TOKEN)
    assert (fetch_from_hub(BASE) / "model.safetensors").is_file()


def test_a_full_disk_is_told_before_the_download(publish, monkeypatch) -> None:
    publish()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("workers.models.hub.shutil.disk_usage", lambda _path: usage(10, 10, 300_000))
    assert _refusal().code == "hub_disk_full"


def test_a_damaged_download_is_removed_and_downloaded_again(publish) -> None:
    folder = publish(sha256="0" * 64)
    error = _refusal()
    assert error.code == "hub_checksum"
    assert "model.safetensors" in error.message
    (folder / fake_hub.FACTS).write_text("{}")
    assert (fetch_from_hub(BASE) / "model.safetensors").stat().st_size == 300_000


@pytest.mark.parametrize("fails", ["busy", "html", "down"])
def test_what_was_downloaded_is_used_when_the_hub_fails(publish, fails: str) -> None:
    folder = publish()
    whole = fetch_from_hub(BASE)
    (folder / fake_hub.FACTS).write_text(json.dumps({"fails": fails}))
    assert fetch_from_hub(BASE) == whole


@pytest.mark.parametrize(("offline", "text"), [(True, "HF_HUB_OFFLINE"), (False, "cannot be reached")])
def test_no_network_is_told(online, monkeypatch, offline: bool, text: str) -> None:
    # Port 9 is the discard service: the connection is refused at once.
    online("http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
    error = _refusal()
    assert error.code == "no_network"
    assert text in error.message
