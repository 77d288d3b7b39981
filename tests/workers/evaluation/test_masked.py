"""An encoder is evaluated by the hidden words that it fills in; the same ones whenever it is asked."""

from pathlib import Path

import pytest
import torch

from tests.workers.training.documents import corpus
from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EvaluationSpec
from workers.contracts.recipes import StarterSize
from workers.evaluation.run import evaluate
from workers.models.folder import write_folder
from workers.models.starters import create_starter
from workers.runtime.reporter import Reporter


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    loaded = create_starter(
        ["The red cat is in the garden at noon."] * 20,
        family=Family.ENCODER,
        size=StarterSize.TINY,
        task_type="pretraining",
        seed=1,
        device=torch.device("cpu"),
    )
    write_folder(loaded, tmp_path / "model")
    return tmp_path / "model"


def test_hidden_words_are_counted_and_the_same_in_each_evaluation(encoder: Path, tmp_path: Path) -> None:
    data = corpus(tmp_path / "data", documents=20)
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        spec = EvaluationSpec(
            inputs={"data": str(data), "model": str(encoder)},
            work=str(tmp_path / name),
            task_type="pretraining",
            family=Family.ENCODER,
            split="validation",
        )
        found.append(evaluate(spec, Reporter()))
    assert set(found[0].metrics) == {"masked_accuracy", "masked_perplexity"}
    assert 0 <= found[0].metrics["masked_accuracy"].value < 0.2
    assert found[0].metrics["masked_perplexity"].value > 50
    assert found[0].metrics == found[1].metrics
