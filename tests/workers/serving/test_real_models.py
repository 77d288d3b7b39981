"""Pretrained weights in the engine and in the trainer, in fp32 and in bf16: served when they are right, refused when not.

Their activations are large enough that bf16 rounds by more than some mistakes change a starter's answers.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.workers.serving.conftest import KEY, RunningEngine, start_engine, stop_engine
from workers.contracts.families import Family
from workers.contracts.job_kinds.parity import ParitySpec
from workers.contracts.model_folder import PARITY_NAME, ParityRecord, PromptMessage
from workers.contracts.recipes import FolderBase, Precision
from workers.models.devices import DTYPES, cast_parameters
from workers.models.folder import write_folder
from workers.models.loading import load_folder, load_pretrained
from workers.runtime.reporter import Reporter
from workers.serving import parity
from workers.serving.attention import additive_mask
from workers.serving.backends.causal import CausalModel
from workers.serving.errors import EngineError
from workers.serving.hosted import HostedModel
from workers.shared.storage import PUBLISHED_NAME
from workers.training import attention, validation
from workers.training.attention import can_pack
from workers.training.data import Row

pytestmark = pytest.mark.models
PRECISIONS = [Precision.FP32, Precision.BF16]
LABELS = ("billing", "delivery", "other")
QUESTIONS = [
    "What is the capital of France?",
    "Write one sentence about books.",
    "Explain in two sentences why the sky is blue.",
    "Hello",
]


@pytest.fixture(scope="module")
def folders(smollm2: Path, minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage root with published folders of both models in both precisions, parity records included: few and short ones
    in bf16, which processors without it compute a hundred times slower."""
    root = tmp_path_factory.mktemp("real")
    for name, source, family, task, labels in (
        ("smollm2", smollm2, Family.CAUSAL, "chat", ()),
        ("minilm", minilm, Family.CLASSIFIER, "classification", LABELS),
    ):
        base = FolderBase(path=str(source), family=family)
        for precision, questions, tokens in ((Precision.FP32, 4, 16), (Precision.BF16, 1, 2)):
            torch.manual_seed(0)
            loaded = load_pretrained(base, task_type=task, labels=labels, model_roots=[str(source.parent)])
            cast_parameters(loaded.model, DTYPES[precision])
            loaded.precision = precision
            rows = [
                Row(str(number), [PromptMessage(role="user", content=text)], "")
                for number, text in enumerate(QUESTIONS[:questions])
            ]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(validation, "PARITY_TOKENS", tokens)
                records = validation.parity_records(loaded, rows, lambda: None)
            folder = root / f"{name}-{precision}"
            write_folder(loaded, folder)
            (folder / PARITY_NAME).write_text(json.dumps([record.model_dump() for record in records]))
            (folder / PUBLISHED_NAME).write_bytes(b"1")
    return root


@pytest.fixture(scope="module")
def real_engine(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    running = start_engine(folders, tmp_path_factory.mktemp("cache"), ENGINE_THREADS="2")
    yield running
    stop_engine(running)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["smollm2", "minilm"])
def test_the_engine_serves_it_and_computes_what_the_trainer_computed(
    real_engine: RunningEngine, folders: Path, name: str, precision: Precision, monkeypatch: Any
) -> None:
    folder = f"{name}-{precision}"
    if name == "smollm2":
        body = {"model": folder, "temperature": 0, "max_tokens": 8}
        body["messages"] = [{"role": "user", "content": QUESTIONS[0]}]
        with real_engine.client() as client:
            answer = client.post("/v1/chat/completions", json=body).json()
        assert "Paris" in answer["choices"][0]["message"]["content"], answer
    monkeypatch.setenv("ENGINE_KEY", KEY)
    spec = ParitySpec(inputs={"model": str(folders / folder)}, engine_url=real_engine.url, model=folder)
    result = parity.check(spec, Reporter())
    assert result.passed, result
    if precision is Precision.FP32:
        assert result.max_nat_per_token < 0.001


def test_the_record_says_how_much_bf16_rounds(folders: Path) -> None:
    def rounding(name: str) -> list[float]:
        read = json.loads((folders / name / PARITY_NAME).read_text())
        return [ParityRecord.model_validate(record).rounding for record in read]

    assert rounding("smollm2-fp32") == [0] * len(QUESTIONS)
    assert all(0 < nats < 0.3 for nats in rounding("smollm2-bf16"))


MISTAKES = {
    "the newest token is hidden": lambda distance, columns: (distance >= 1) | (columns == 0),
    "padding is seen": lambda distance, columns: distance >= -1,
    "the first token is hidden": lambda distance, columns: (distance >= 0) & (columns > 0),
    "only four tokens are seen": lambda distance, columns: (distance >= 0) & (distance < 4),
}


@pytest.mark.parametrize(
    ("precision", "mistake"),
    [*((Precision.FP32, mistake) for mistake in MISTAKES), (Precision.BF16, "the first token is hidden")],
)
def test_a_wrong_batch_is_refused(folders: Path, precision: Precision, mistake: str) -> None:
    class Mistaken(CausalModel):
        def _masks(self, positions: torch.Tensor) -> Any:
            columns = torch.arange(self.cache.window.columns)
            sees = MISTAKES[mistake](positions[:, None, :, None] - columns, columns)
            return additive_mask(sees, self.dtype)

    loaded = load_folder(folders / f"smollm2-{precision}", precision=precision)
    with pytest.raises(EngineError, match="compute something else"):
        Mistaken(loaded, slots=4, cache_bytes=1 << 28)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_rows_are_packed_for_training_and_a_wrong_packing_is_noticed(
    folders: Path, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_folder(folders / f"smollm2-{precision}", precision=precision).model
    with _plain_attention_after(model):
        assert can_pack(model)
    apart = attention.packed_inputs

    def together(rows: list[list[int]], device: torch.device) -> dict[str, Any]:
        return apart(rows, device) | {"row_lengths": [sum(map(len, rows))]}

    if precision is Precision.FP32:
        monkeypatch.setattr(attention, "packed_inputs", together)
        assert not can_pack(model)


@contextmanager
def _plain_attention_after(model: Any) -> Iterator[None]:
    yield
    model.set_attn_implementation("sdpa")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_processor_that_packs_no_bf16_still_serves_it(folders: Path, precision: Precision) -> None:
    hosted = HostedModel.load(
        folders / f"minilm-{precision}", precision=precision, slots=4, cache_bytes=1 << 28
    )
    work = hosted.classification("Where is my parcel?")
    [scores] = hosted.backend._probabilities([work])
    assert sum(scores) == pytest.approx(1)
