"""A causal base learns to classify: it gets a head, which reads the last token of each text, padded or not."""

from pathlib import Path

import pytest
import torch

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.model_folder import PromptMessage
from workers.contracts.recipes import FolderBase, Precision, Recipe, Tuning, VersionBase
from workers.models.generation import classify
from workers.models.loading import load_folder, load_pretrained
from workers.models.prompts import encode_prompt
from workers.serving.hosted import HostedModel
from workers.training.preflight import preflight
from workers.training.run import run

from .conftest import LABELS


@pytest.fixture
def writer(make_spec, recording) -> Path:
    """The folder of a causal model that was trained to chat."""
    spec = make_spec(Family.CAUSAL, name="writer", max_steps=3, sample_rows=0)
    run(spec, recording())
    return Path(spec.work) / "out"


@pytest.mark.training
@pytest.mark.parametrize("tuning", list(Tuning))
def test_it_is_trained_evaluated_and_served_as_a_classifier(
    tuning, writer, dataset, make_spec, recording, tmp_path
) -> None:
    work = tmp_path / "preflight"
    work.mkdir()
    data, base = str(dataset(Family.CLASSIFIER)), VersionBase(family=Family.CLASSIFIER)
    asked = PreflightSpec(
        inputs={"data": data, "base": str(writer)},
        output="models/sorter",
        work=str(work),
        task_type="classification",
        base=base,
        labels=LABELS,
        recipe=Recipe(
            tuning=tuning, precision=Precision.FP32, max_steps=60, batch_rows=8, learning_rate=3e-3
        ),
    )
    planned = preflight(asked, recording())
    initial = load_folder(work / "out")
    assert (initial.manifest.family, initial.manifest.labels) == (Family.CLASSIFIER, LABELS)
    assert initial.manifest.architecture == "LlamaForSequenceClassification"

    spec = make_spec(Family.CLASSIFIER, name="sorter", inputs={"base": str(work / "out")})
    result = run(spec.model_copy(update={"base": base, "recipe": planned.recipe}), recording())
    assert not result.verdict.warns
    sorter = load_folder(Path(spec.work) / "out")
    texts = ["the red cat", "the blue garden please please please", "the green hat please", ""]
    prompts = [
        encode_prompt(sorter.tokenizer, sorter.manifest, [PromptMessage(role="user", content=text)])
        for text in texts
    ]
    together = torch.tensor(classify(sorter, prompts))
    alone = torch.tensor([classify(sorter, [prompt])[0] for prompt in prompts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)

    hosted = HostedModel.load(Path(spec.work) / "out", precision=Precision.FP32, slots=4, cache_bytes=1 << 20)
    for text in texts:
        hosted.backend.submit(hosted.classification(text))
    found: list[list[float]] = []
    hosted.backend.step(lambda events: found.extend(event.probabilities for _, event in events))
    torch.testing.assert_close(torch.tensor(found), alone, atol=1e-4, rtol=1e-3)


def test_padding_is_what_the_tokenizer_pads_with(writer) -> None:
    """A configuration that names another token would let the head read the padding."""
    config = (writer / "config.json").read_text()
    (writer / "config.json").write_text(config.replace('"pad_token_id": 0', '"pad_token_id": 7'))
    loaded = load_pretrained(
        FolderBase(family=Family.CLASSIFIER, path=str(writer)),
        task_type="classification",
        labels=LABELS,
        model_roots=[str(writer.parent)],
    )
    assert loaded.model.config.pad_token_id == loaded.tokenizer.pad_token_id
    prompts = [[9, 8, 11, 12], [9, 8]]
    alone = [classify(loaded, [prompt])[0] for prompt in prompts]
    assert classify(loaded, prompts) == [pytest.approx(row, abs=1e-5) for row in alone]
