"""The parity check passes on what the trainer really computed, and notices when anything was changed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.workers.serving.conftest import KEY, RunningEngine
from workers.contracts.model_folder import PARITY_NAME, ParityRecord, PromptMessage
from workers.models.generation import classify, generate_greedy, score
from workers.models.loading import load_folder
from workers.models.prompts import encode_prompt

TEXTS = ["the book is due", "monday", "please bring it back to the desk", "when?"]


def _write_records(folder: Path) -> None:
    """What the trainer writes when a run ends."""
    loaded = load_folder(folder)
    records = []
    for number, text in enumerate(TEXTS):
        prompt = [PromptMessage(role="user", content=text)]
        ids = encode_prompt(loaded.tokenizer, loaded.manifest, prompt)
        common = {"row_id": str(number), "prompt": prompt, "prompt_ids": ids}
        if loaded.manifest.labels:
            shares = dict(zip(loaded.manifest.labels, classify(loaded, [ids])[0], strict=True))
            records.append(
                ParityRecord(**common, output_ids=[], output="", log_probabilities=[], label_scores=shares)
            )
            continue
        answer = generate_greedy(loaded, [ids], max_new_tokens=12)[0]
        values = score(loaded, [(ids, answer.token_ids)])[0]
        records.append(
            ParityRecord(**common, output_ids=answer.token_ids, output=answer.text, log_probabilities=values)
        )
    (folder / PARITY_NAME).write_text(json.dumps([record.model_dump() for record in records]))


@pytest.fixture
def folder_of(store: Path, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    def copy(kind: str) -> Path:
        folder = store / "parity" / f"{kind}-{request.node.name.replace('[', '-').strip(']')}"
        shutil.copytree(store / "models" / kind, folder)
        _write_records(folder)
        return folder

    return copy


def _check(engine_url: str, folder: Path, tmp_path: Path) -> dict:
    """Run the child as the supervisor would; return its last event."""
    spec = {"inputs": {"model": str(folder)}, "engine_url": engine_url, "model": f"parity/{folder.name}"}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    ended = subprocess.run(
        [sys.executable, "-m", "workers.serving.parity", str(tmp_path / "spec.json")],
        env=os.environ | {"ENGINE_KEY": KEY, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.stdout, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", ["llama", "marian", "t5", "bert"])
def test_an_honest_folder_passes(
    engine: RunningEngine, folder_of: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    event = _check(engine.url, folder_of(kind), tmp_path)
    assert event["type"] == "finished", event
    result = event["result"]
    assert result["passed"], result
    assert result["rows"] == len(TEXTS)
    assert result["ids_identical"]
    assert result["max_nat_per_token"] < 0.002
    assert result["exact_match"] == 1


def test_other_weights_are_noticed(
    engine: RunningEngine, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = folder_of("llama")
    weights = load_file(folder / "model.safetensors")
    name = "model.layers.1.mlp.down_proj.weight"
    weights[name] = weights[name] + 0.05 * torch.randn(
        weights[name].shape, generator=torch.Generator().manual_seed(0)
    )
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    result = _check(engine.url, folder, tmp_path)["result"]
    assert not result["passed"]
    assert result["ids_identical"]
    assert result["max_nat_per_token"] > result["limit_nat_per_token"] == 0.01


def test_another_prompt_format_is_noticed(
    engine: RunningEngine, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = folder_of("llama")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("{{ message.content }}", " {{ message.content }}"))
    result = _check(engine.url, folder, tmp_path)["result"]
    assert not result["passed"]
    assert not result["ids_identical"]


def test_without_an_engine_it_says_to_start_one(folder_of: Callable[[str], Path], tmp_path: Path) -> None:
    event = _check("http://127.0.0.1:9", folder_of("bert"), tmp_path)
    assert (event["type"], event["code"], event["user_error"]) == ("failed", "engine_unreachable", True)
    assert "Start it" in event["message"]["text"]


def test_a_folder_without_records_is_refused(engine: RunningEngine, store: Path, tmp_path: Path) -> None:
    event = _check(engine.url, store / "models" / "bert", tmp_path)
    assert (event["type"], event["code"]) == ("failed", "no_parity_records")
