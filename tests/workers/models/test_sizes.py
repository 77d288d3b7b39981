"""A configuration that claims more than its weight files hold is refused before anything is built."""

import json
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE_SECONDS
from workers.contracts.families import Family
from workers.contracts.recipes import FolderBase
from workers.models.loading import load_pretrained
from workers.models.sizes import require_plausible
from workers.runtime.reporter import JobError

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
    "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 256, "max_position_embeddings": 128,
}  # fmt: skip


def folder(path: Path, **claims: Any) -> Path:
    """A folder with one tensor and a configuration of `claims`."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [64, 64], "data_offsets": [0, 16384]}}).encode()
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16384))
    (path / "config.json").write_text(json.dumps(LLAMA | claims))
    return path


@pytest.mark.parametrize(
    "claims",
    [
        {"num_hidden_layers": 100_000},
        {"num_hidden_layers": 1_000_000_000},
        {"hidden_size": 1_000_000, "num_attention_heads": 8},
        {"vocab_size": 2_000_000_000},
        {"intermediate_size": 1 << 40},
        {"max_position_embeddings": 1 << 40},
        {"text_config": {"num_hidden_layers": 100_000, "hidden_size": 64}},
        {"num_hidden_layers": 60, "hidden_size": 3_000},
    ],
)
def test_absurd_sizes_are_refused_at_once(tmp_path: Path, claims: dict[str, Any]) -> None:
    base = FolderBase(path=str(folder(tmp_path, **claims)), family=Family.CAUSAL)
    began = time.monotonic()
    with pytest.raises(JobError) as refused:
        load_pretrained(base, task_type="chat", model_roots=[str(tmp_path)])
    assert (refused.value.code, refused.value.field) == ("model_implausible", "base")
    assert "(tensors: 1, values: 4,096)" in refused.value.message
    # To make such a model takes hours, or all memory.
    assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_header_that_claims_more_than_its_file_is_not_believed(tmp_path: Path) -> None:
    place = folder(tmp_path, num_hidden_layers=40, hidden_size=8_192)
    header = json.dumps({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 16384]}}).encode()
    (place / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16384))
    with pytest.raises(JobError, match="values: 16,384"):
        require_plausible(place)


def test_an_ordinary_configuration_is_taken(tmp_path: Path) -> None:
    require_plausible(folder(tmp_path))
