"""The list of recommended bases is compared with a Hub, which is a process on loopback."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from transformers import LlamaConfig, LlamaForCausalLM

from tests.fixtures import fake_hub
from tools import check_bases
from workers.contracts.families import Family
from workers.contracts.recommended import RecommendedBase
from workers.models.starters import train_tokenizer

ENTRY = """# Kept as it is.

[[base]]
hub_id = "some/llama"
revision = "{revision}"
name = "Llama"
family = "{family}"
model_type = "{model_type}"
tasks = ["{task}"]
parameters = 1_000
download_bytes = 1_000
context = 2_048
licence = "Apache-2.0"
languages = ["en"]
reason = "Small enough for a test, and nothing else."

[[base]]
hub_id = "some/missing"
name = "Missing"
family = "causal"
model_type = "llama"
tasks = ["chat"]
parameters = 1_000
download_bytes = 1_000
context = 2_048
licence = "MIT"
languages = ["en"]
reason = "It is in the list but not on the Hub."
"""


@pytest.fixture(autouse=True)
def _hub(tmp_path: Path, monkeypatch: Any) -> Iterator[None]:
    with fake_hub.running_hub(tmp_path / "hub") as address:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(check_bases, "HfApi", lambda token: HfApi(endpoint=address, token=token))
        yield


def _publish(root: Path, revision: str = "main", **facts: Any) -> Path:
    """A model of the fake Hub, with a large file in a folder that the studio does not download."""
    folder = root / "hub" / "some" / "llama" / revision.replace("/", "-")
    tokenizer = train_tokenizer(["A few words to learn from."], family=Family.CAUSAL, vocabulary=300)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.safetensors").write_bytes(bytes(100_000))
    stated = {"tags": ["license:apache-2.0"], **facts}
    (folder / fake_hub.FACTS).write_text(json.dumps(stated))
    return folder


class Check:
    """Runs the tool on a list of two entries."""

    def __init__(
        self,
        root: Path,
        *,
        revision: str = "main",
        family: str = "causal",
        task: str = "chat",
        model_type: str = "llama",
    ) -> None:
        self.path = root / "list.toml"
        entry = ENTRY.format(revision=revision, family=family, task=task, model_type=model_type)
        self.path.write_text(entry)

    def run(self, capsys: Any, *arguments: str) -> str:
        """What the tool prints about the first entry."""
        assert check_bases.main(["--list", str(self.path), *arguments]) == 1
        first, second = capsys.readouterr().out.splitlines()
        assert second.startswith("some/missing: cannot be read")
        return str(first)

    @property
    def entries(self) -> list[dict[str, Any]]:
        return tomllib.loads(self.path.read_text())["base"]


@pytest.mark.parametrize("revision", ["main", "refs/pr/4"])
def test_figures_are_compared_and_written(tmp_path: Path, revision: str, capsys: Any) -> None:
    folder = _publish(tmp_path, revision)
    check = Check(tmp_path, revision=revision)
    assert "parameters is 1,000 here and" in check.run(capsys)
    assert check.entries[0]["parameters"] == 1000
    check.run(capsys, "--update")
    updated, missing = map(RecommendedBase.model_validate, check.entries)
    whole = LlamaForCausalLM.from_pretrained(folder)
    assert updated.parameters == whole.num_parameters()
    top = [path for path in folder.iterdir() if path.is_file() and path.name != fake_hub.FACTS]
    assert updated.download_bytes == sum(path.stat().st_size for path in top)
    assert updated.checked == datetime.now(UTC).date()
    assert missing.checked is None
    assert check.path.read_text().startswith("# Kept as it is.\n")
    once = check.path.read_text()
    assert check.run(capsys, "--update") == "some/llama: as listed"
    assert check.path.read_text() == once


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"gated": "manual"}, "is gated"),
        ({"tags": ["license:cc-by-nc-4.0"]}, "has the licence cc-by-nc-4.0, not Apache-2.0"),
        ({"tags": []}, "that nothing states"),
    ],
)
def test_what_should_not_be_recommended_is_reported_and_not_written(
    tmp_path: Path, facts: dict[str, Any], problem: str, capsys: Any
) -> None:
    _publish(tmp_path, **facts)
    check = Check(tmp_path)
    before = check.path.read_text()
    assert problem in check.run(capsys, "--update")
    assert check.path.read_text() == before


def test_a_repository_without_safetensors_is_reported(tmp_path: Path, capsys: Any) -> None:
    folder = _publish(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "has no safetensors at revision main" in Check(tmp_path).run(capsys)


def test_a_model_of_another_family_is_reported(tmp_path: Path, capsys: Any) -> None:
    _publish(tmp_path)
    check = Check(tmp_path, family="seq2seq", task="translation")
    assert "is a llama model, which is no seq2seq model" in check.run(capsys)


def test_a_model_of_another_type_is_reported(tmp_path: Path, capsys: Any) -> None:
    _publish(tmp_path)
    assert "is a llama model, not qwen2" in Check(tmp_path, model_type="qwen2").run(capsys)
