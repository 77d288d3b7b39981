"""The linear starter: trained at once, and used like any classifier."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression

from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EvaluationSpec
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.model_folder import ParityRecord
from workers.contracts.recipes import Precision, Recipe, StarterBase
from workers.evaluation.run import evaluate
from workers.models.generation import classify
from workers.models.linear import word_vectorizer
from workers.models.loading import load_folder
from workers.models.writing import Writing
from workers.runtime.reporter import JobError, StopRequested
from workers.serving.hosted import HostedModel
from workers.training.objectives import linear
from workers.training.preflight import preflight
from workers.training.run import run

from .conftest import LABELS, write_rows

pytestmark = [pytest.mark.training, pytest.mark.once]

Pair = tuple[str, str]


@pytest.fixture
def make_linear_spec(make_spec, tmp_path):
    """A run of a linear starter on pairs of text and label, a third of which are for validation."""

    def build(
        pairs: list[Pair] | None = None, labels: list[str] = LABELS, *, name: str = "work", **recipe
    ) -> RunSpec:
        spec = make_spec(Family.CLASSIFIER, name=name)
        inputs = dict(spec.inputs)
        if pairs is not None:
            rows = [
                ("validation" if number % 3 == 2 else "train", [("user", text)], label)
                for number, (text, label) in enumerate(pairs)
            ]
            inputs["data"] = str(write_rows(tmp_path / f"rows-{name}", rows))
        changes = {"inputs": inputs, "base": StarterBase(family=Family.LINEAR), "recipe": Recipe(**recipe)}
        return spec.model_copy(update={**changes, "labels": labels})

    return build


def test_a_linear_model_learns_at_once_and_answers_as_recorded(make_linear_spec, recording) -> None:
    spec, reporter = make_linear_spec(), recording()
    result = run(spec, reporter)
    assert (result.steps, result.planned_steps, result.epochs, result.stopped) == (1, 1, 1.0, "finished")
    assert result.validation_accuracy == 1.0
    assert result.verdict is not None and result.verdict.code == "learned"
    assert result.simple_model is None, "it is the simple model"
    folder = Path(spec.work) / "out"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "README.md", "config.json", "maquette.json", "model.safetensors", "parity.json",
        "tokenizer_config.json", "vocab.json",
    }  # fmt: skip
    loaded = load_folder(folder)
    assert loaded.manifest.trained and loaded.manifest.family is Family.LINEAR
    for record in map(ParityRecord.model_validate, json.loads((folder / "parity.json").read_text())):
        [shares] = classify(loaded, [record.prompt_ids])
        assert dict(zip(LABELS, shares, strict=True)) == pytest.approx(record.label_scores, abs=1e-6)
        assert sum(shares) == pytest.approx(1.0, abs=1e-6)
    assert "random weights" not in (folder / "README.md").read_text()
    assert {name for event in reporter.of("metric") for name in event.values} & {
        "learning_rate",
        "gradient_norm",
    } == set()


def test_it_is_the_logistic_regression_of_the_training_rows(make_linear_spec, recording) -> None:
    pairs = [
        (f"{word} {'very ' * (n % 3)}good {n % 7}", str(n % 2)) for n, word in enumerate(["yes", "no"] * 30)
    ]
    spec = make_linear_spec(pairs, ["0", "1"])
    run(spec, recording())
    loaded = load_folder(Path(spec.work) / "out")
    train = [pair for n, pair in enumerate(pairs) if n % 3 != 2]
    vectorizer = word_vectorizer(Writing.ASCII)
    expected = LogisticRegression(C=10.0, tol=1e-6, max_iter=1000).fit(
        vectorizer.fit_transform([text for text, _ in train]), [label for _, label in train]
    )
    asked = ["yes good 3", "no very good", "nothing that was seen"]
    prompts = [loaded.tokenizer(text)["input_ids"] for text in asked]
    found = classify(loaded, prompts)
    assert np.allclose(found, expected.predict_proba(vectorizer.transform(asked)), atol=0.02)


def test_equal_rows_give_equal_files(make_linear_spec, recording) -> None:
    specs = [make_linear_spec(name=name) for name in ("one", "two")]
    files = []
    for spec in specs:
        run(spec, recording())
        files.append((Path(spec.work) / "out" / "model.safetensors").read_bytes())
    assert files[0] == files[1]


def test_chinese_is_read_by_its_characters(make_linear_spec, recording) -> None:
    texts = {
        "退款": ["我要退款", "请把钱退给我", "申请退款多久到账"],
        "物流": ["快递到哪了", "包裹什么时候送到", "快递一直没有送"],
    }
    pairs = [
        (f"{text}{'？' * (n % 2)}", label)
        for n in range(6)
        for label, those in texts.items()
        for text in those
    ]
    spec = make_linear_spec(pairs, sorted(texts))
    assert run(spec, recording()).validation_accuracy == 1.0
    loaded = load_folder(Path(spec.work) / "out")
    [shares] = classify(loaded, [loaded.tokenizer("我想申请退款")["input_ids"]])
    assert dict(zip(sorted(texts), shares, strict=True))["退款"] > 0.5


@pytest.mark.parametrize(
    ("pairs", "labels", "answer"),
    [
        ([("red", "a"), ("blue", "b"), ("red", "a")] * 4, ["a", "b", "never"], "a"),
        ([("red", "a"), ("green", "a"), ("red", "a")] * 4, ["a", "b"], "a"),
        ([("?", "a"), ("!", "b"), ("…", "a"), ("?!", "b"), ("", "b"), ("", "a")] * 4, ["a", "b"], "b"),
    ],
)
def test_labels_without_rows_and_texts_without_words(
    pairs, labels, answer, make_linear_spec, recording
) -> None:
    spec = make_linear_spec(pairs, labels)
    run(spec, recording())
    loaded = load_folder(Path(spec.work) / "out")
    [shares] = classify(loaded, [loaded.tokenizer("red")["input_ids"]])
    assert labels[int(np.argmax(shares))] == answer
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) > 0


def test_many_rows_are_used_in_part_and_the_card_says_so(make_linear_spec, recording, monkeypatch) -> None:
    monkeypatch.setattr(linear, "MOST_ROWS", 20)
    spec = make_linear_spec()
    run(spec, recording())
    assert "fitted on 20 of 60 training rows" in (Path(spec.work) / "out" / "README.md").read_text()


def test_a_plan_has_one_step_and_leaves_the_base(make_linear_spec, recording) -> None:
    spec = make_linear_spec()
    asked = PreflightSpec(
        inputs=spec.inputs,
        work=spec.work,
        task_type=spec.task_type,
        base=spec.base,
        recipe=Recipe(),
        labels=LABELS,
    )
    plan = preflight(asked, recording())
    assert (plan.steps, plan.cut_share, plan.findings, plan.offered_minutes) == (1, 0, [], None)
    assert plan.recipe.learning_rate is plan.recipe.batch_rows is None
    base = load_folder(Path(spec.work) / "out")
    [shares] = classify(base, [base.tokenizer("the red cat")["input_ids"]])
    assert shares == pytest.approx([1 / len(LABELS)] * len(LABELS))
    assert "knows the words of the training rows" in (Path(spec.work) / "out" / "README.md").read_text()


def test_it_is_evaluated_like_any_model(make_linear_spec, recording, tmp_path) -> None:
    spec = make_linear_spec()
    run(spec, recording())
    work = tmp_path / "evaluation"
    work.mkdir()
    found = evaluate(
        EvaluationSpec(
            inputs={"data": spec.inputs["data"], "model": f"{spec.work}/out"},
            work=str(work),
            task_type="classification",
            split="test",
            labels=LABELS,
        ),
        recording(),
    )
    assert found.metrics["accuracy"].value == 1.0


def test_a_stop_before_the_weights_are_there_leaves_nothing(make_linear_spec, recording) -> None:
    reporter = recording()
    reporter.request_stop()
    with pytest.raises(StopRequested):
        run(make_linear_spec(), reporter)


def test_a_run_that_was_killed_after_its_step_ends_as_it_would_have(make_linear_spec, recording) -> None:
    first = make_linear_spec(name="first")
    whole = run(first, recording())
    [checkpoint] = [path for path in (Path(first.work) / "checkpoints").iterdir() if path.is_dir()]
    again = make_linear_spec(name="again")
    again.inputs["checkpoint"] = str(checkpoint)
    resumed = run(again, recording())
    assert (resumed.steps, resumed.validation_loss) == (1, whole.validation_loss)
    files = [(Path(spec.work) / "out" / "model.safetensors").read_bytes() for spec in (first, again)]
    assert files[0] == files[1]


def _damage(folder: Path, kind: str) -> None:
    weights = load_file(folder / "model.safetensors")
    if kind == "shape":
        weights["weight"] = torch.cat([weights["weight"], weights["weight"]])
    elif kind == "missing":
        del weights["idf"]
    elif kind == "more":
        weights["other"] = torch.zeros(2)
    elif kind == "file":
        (folder / "model.safetensors").write_bytes(b"no safetensors")
        return
    elif kind == "vocabulary":
        (folder / "vocab.json").write_text('["one", "two"]')
        return
    else:
        (folder / "vocab.json").write_text('{"one": 1}')
        return
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize("kind", ["shape", "missing", "more", "file", "vocabulary", "no list"])
def test_a_damaged_folder_is_refused(kind, make_linear_spec, recording) -> None:
    spec = make_linear_spec()
    run(spec, recording())
    folder = Path(spec.work) / "out"
    _damage(folder, kind)
    with pytest.raises(JobError) as raised:
        load_folder(folder)
    assert raised.value.code == "model_unreadable"


def test_the_engine_answers_as_the_trainer(make_linear_spec, recording) -> None:
    spec = make_linear_spec()
    run(spec, recording())
    folder = Path(spec.work) / "out"
    hosted = HostedModel.load(folder, precision=Precision.AUTO, slots=4, cache_bytes=1 << 20)
    assert hosted.backend.family is Family.LINEAR
    texts = ["the red cat please", "", "nothing that was seen"]
    events: list[Any] = []
    for text in texts:
        hosted.backend.submit(hosted.classification(text))
    hosted.backend.step(events.extend)
    loaded = load_folder(folder)
    alone = [classify(loaded, [loaded.tokenizer(text)["input_ids"]])[0] for text in texts]
    for (_, scores), expected in zip(events, alone, strict=True):
        assert scores.probabilities == pytest.approx(expected, abs=1e-6)
    assert max(zip(alone[0], LABELS, strict=True))[1] == "red"
