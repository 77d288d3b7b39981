"""Pretraining on documents: every token of them is learned once, runs resume exactly, and models are bases for other tasks."""

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.recipes import Recipe, StarterBase, StarterSize, VersionBase
from workers.models.loading import load_folder
from workers.models.prompts import Example
from workers.models.windows import beginning_and_rest
from workers.runtime.reporter import JobError
from workers.training import bases
from workers.training import data as data_module
from workers.training.data import Row, Rows, parts_of
from workers.training.encoding import Spread
from workers.training.objectives import objective_for
from workers.training.objectives.causal_lm import blocks
from workers.training.preflight import preflight
from workers.training.run import run

from .documents import corpus


@pytest.fixture
def make_run(make_spec, tmp_path):
    """A short run on documents."""
    data = corpus(tmp_path / "corpus")

    def build(name: str = "work", *, inputs: dict[str, str] | None = None, **recipe) -> RunSpec:
        settings = {"max_length": 64, "batch_rows": 16, "max_steps": 40, **recipe}
        spec = make_spec(Family.CAUSAL, name=name, **settings)
        return spec.model_copy(
            update={"task_type": "pretraining", "inputs": {"data": str(data), **(inputs or {})}}
        )

    return build


def _figures(reporter, name: str) -> list[float]:
    return [event.values[name] for event in reporter.of("metric") if name in event.values]


def _weights(spec: RunSpec) -> dict[str, torch.Tensor]:
    return load_file(Path(spec.work) / "out" / "model.safetensors")


@pytest.mark.parametrize("length", [2, 3, 7, 64, 1000])
def test_blocks_are_full_and_teach_every_token_once(length: int) -> None:
    documents = [Example(list(range(n, n + size)), [-100, *range(n + 1, n + size)]) for n, size in _sizes()]
    ids = [token for one in documents for token in one.input_ids]
    labels = [label for one in documents for label in one.label_ids]
    made = list(blocks(documents, length))
    assert all(len(block.input_ids) == length for block in made[:-1])
    assert [ids[0], *(token for block in made for token in block.input_ids[1:])] == ids
    assert [label for block in made for label in block.label_ids[1:]] == labels[1:]


def _sizes() -> list[tuple[int, int]]:
    sizes, begin = [1, 2, 300, 5, 64, 63, 65, 1, 128], 0
    found = []
    for size in sizes:
        found.append((begin, size))
        begin += 1000
    return found


def test_a_causal_model_learns_the_documents(make_run, recording) -> None:
    spec, reporter = make_run(max_steps=60), recording()
    result = run(spec, reporter)
    losses, perplexities = (
        _figures(reporter, "validation_loss"),
        _figures(reporter, "validation_perplexity"),
    )
    assert losses[-1] < 0.5 * result.base_loss
    assert perplexities == pytest.approx([math.exp(loss) for loss in losses])
    assert result.verdict.code == "learned"
    loaded = load_folder(Path(spec.work) / "out")
    assert loaded.manifest.learned_length == 64
    [shown] = reporter.of("sample")[-1].rows
    assert shown.input, "a sample is given the beginning of a document"
    assert json.loads((Path(spec.work) / "out" / "parity.json").read_text())


def test_a_resumed_run_ends_with_the_same_bits(make_run, recording, tmp_path) -> None:
    whole = make_run("whole", max_steps=12, dropout=0.1)
    run(whole, recording())

    class CutOff(recording):
        def emit(self, event):
            super().emit(event)
            if event.type == "checkpoint" and event.step == 8:
                shutil.copytree(event.path, tmp_path / "kept")
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(make_run("cut", max_steps=12, dropout=0.1), CutOff())
    rest = make_run("rest", max_steps=12, dropout=0.1, inputs={"checkpoint": str(tmp_path / "kept")})
    assert run(rest, recording()).steps == 12
    expected, found = _weights(whole), _weights(rest)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_preflight_packs_the_documents_into_enough_rows(make_run, recording, tmp_path) -> None:
    run_spec = make_run()
    work = tmp_path / "preflight"
    work.mkdir()
    spec = PreflightSpec(
        inputs={"data": run_spec.inputs["data"]},
        work=str(work),
        task_type="pretraining",
        base=StarterBase(family=Family.CAUSAL, size=StarterSize.TINY),
    )
    result = preflight(spec, recording())
    assert not any(finding.blocks for finding in result.findings)
    [packed] = [f.message for f in result.findings if f.message.code == "training.documents_packed"]
    assert packed.params["documents"] == 32
    assert packed.params["tokens"] == result.recipe.max_length
    assert result.recipe.objective.kind == "causal_lm"
    loaded = load_folder(work / "out")
    tokens = sum(
        example.input_length
        for example in objective_for(loaded, Recipe()).encode(
            Rows(Path(spec.inputs["data"]), "train"), loaded, max_length=None, max_target_length=None
        )
    )
    assert result.learned_tokens == pytest.approx(tokens, rel=0.05)
    assert result.memory_bytes > 0


def test_long_documents_are_encoded_a_few_at_a_time(monkeypatch) -> None:
    monkeypatch.setattr(data_module, "_READ_CHARACTERS", 100)
    rows = [Row(str(size), [], "x" * size) for size in (10, 80, 30, 500, 20, 20)]
    parts = list(parts_of(rows))
    assert [[len(row.target) for row in part] for part in parts] == [[10, 80, 30], [500], [20, 20]]


def test_a_tokenizer_is_trained_on_a_bounded_part_of_the_texts(monkeypatch) -> None:
    rows = [Row(str(number), [], f"{number:010d}") for number in range(100)]
    assert len(list(bases._texts(rows))) == 100
    monkeypatch.setattr(bases, "_TOKENIZER_CHARACTERS", 250)
    assert list(bases._texts(rows)) == [f"{number:010d}" for number in range(0, 100, 4)]


def test_the_model_is_a_base_for_a_chat(make_run, make_spec, recording) -> None:
    first = make_run("first")
    run(first, recording())
    inputs = {"base": str(Path(first.work) / "out")}
    chat = make_spec(Family.CAUSAL, name="chat", inputs=inputs, max_steps=20)
    reporter = recording()
    result = run(chat.model_copy(update={"base": VersionBase(family=Family.CAUSAL)}), reporter)
    assert result.validation_loss < result.base_loss
    loaded = load_folder(Path(chat.work) / "out")
    assert loaded.manifest.task_type == "chat"
    assert loaded.manifest.learned_length == max(64, result.recipe.max_length)


def test_the_model_is_a_base_for_a_classifier(make_run, make_spec, recording) -> None:
    first = make_run("first", max_steps=10)
    run(first, recording())
    inputs = {"base": str(Path(first.work) / "out")}
    labels = make_spec(Family.CLASSIFIER, name="labels", inputs=inputs)
    run(labels.model_copy(update={"base": VersionBase(family=Family.CLASSIFIER)}), recording())
    assert load_folder(Path(labels.work) / "out").family is Family.CLASSIFIER


def test_a_validation_round_looks_at_a_bounded_number_of_blocks() -> None:
    examples = [Example([number], [number]) for number in range(1000)]
    few = Spread(examples, 10)
    assert [example.input_ids[0] for example in few] == list(range(0, 1000, 100))
    assert [example.input_ids[0] for example in few[1:3]] == [100, 200]
    assert few[-1].input_ids == [900]
    assert len(Spread(examples[:3], 10)) == 3


@pytest.mark.parametrize("text", ["", "a", "one two", "一二三四五六七八", "word " * 100, "x" * 500])
def test_a_beginning_and_the_rest_are_the_document(text: str) -> None:
    given, rest = beginning_and_rest(text)
    assert given + rest == text
    assert len(given) <= max(1, len(text) // 2)
    assert bool(given) == (len(text) > 1)


@pytest.fixture
def make_masked(make_run):
    def build(name: str = "work", *, objective: str = "masked_lm", **options) -> RunSpec:
        inputs = options.pop("inputs", None)
        spec = make_run(name, inputs=inputs, objective=objective, **options)
        return spec.model_copy(update={"base": StarterBase(family=Family.ENCODER, size=StarterSize.TINY)})

    return build


def test_an_encoder_learns_to_fill_in_words(make_masked, recording) -> None:
    spec, reporter = make_masked(max_steps=60, validation_rounds=6), recording()
    result = run(spec, reporter)
    shares = _figures(reporter, "masked_accuracy")
    assert max(shares) > max(0.1, shares[0])
    assert result.validation_loss < 0.7 * result.base_loss
    assert result.verdict.code == "learned"
    [shown] = reporter.of("sample")[-1].rows
    assert "<|mask|>" in shown.input
    assert "<|mask|>" not in shown.target
    assert json.loads((Path(spec.work) / "out" / "parity.json").read_text()) == []


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_resumed_run_draws_the_same_masks(make_masked, recording, tmp_path, tuning) -> None:
    settings = {"max_steps": 9, "validation_rounds": 3, "dropout": 0.1, "tuning": tuning}
    whole = make_masked("whole", **settings)
    run(whole, recording())

    class CutOff(recording):
        def emit(self, event):
            super().emit(event)
            if event.type == "checkpoint" and event.step == 6:
                shutil.copytree(event.path, tmp_path / "kept")
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(make_masked("cut", **settings), CutOff())
    rest = make_masked("rest", inputs={"checkpoint": str(tmp_path / "kept")}, **settings)
    assert run(rest, recording()).steps == 9
    expected, found = _weights(whole), _weights(rest)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_masks_differ_between_epochs_and_are_the_same_in_every_validation(make_masked, recording) -> None:
    spec = make_masked(max_steps=3)
    run(spec, recording())
    loaded = load_folder(Path(spec.work) / "out")
    recipe = Recipe(objective="masked_lm")
    kind = objective_for(loaded, recipe)
    rows = Rows(Path(spec.inputs["data"]), "train")
    [first, *_] = kind.encode(rows, loaded, max_length=64, max_target_length=None)
    objective = kind(loaded, recipe)
    assert objective.drawn(first, 1, 0) == objective.drawn(first, 1, 0)
    assert objective.drawn(first, 1, 0) != objective.drawn(first, 2, 0)
    drawn = objective.drawn(first, 0)
    assert objective.drawn(drawn, 0) is drawn, "what is drawn already stays"


def test_an_encoder_is_a_base_for_a_classifier(make_masked, make_spec, recording) -> None:
    first = make_masked("first", max_steps=10)
    run(first, recording())
    inputs = {"base": str(Path(first.work) / "out")}
    labels = make_spec(Family.CLASSIFIER, name="labels", inputs=inputs)
    run(labels.model_copy(update={"base": VersionBase(family=Family.CLASSIFIER)}), recording())
    before, after = _weights(first), _weights(labels)
    body = [name for name in before if name.startswith("model.")]
    assert body
    assert all(before[name].shape == after[name].shape for name in body)


def test_preflight_of_an_encoder_estimates_memory_and_masks(make_masked, recording, tmp_path) -> None:
    run_spec = make_masked()
    work = tmp_path / "preflight"
    work.mkdir()
    spec = PreflightSpec(
        inputs={"data": run_spec.inputs["data"]}, work=str(work), task_type="pretraining", base=run_spec.base
    )
    result = preflight(spec, recording())
    assert not any(finding.blocks for finding in result.findings)
    assert result.learned_tokens == pytest.approx(0.15 * result.tokens, rel=0.05)
    assert result.memory_bytes > 0
    assert result.recipe.objective.whole_words is True
    assert_pieces_are_the_document(result.first_row, Path(spec.inputs["data"]))


def assert_pieces_are_the_document(pieces: list[tuple[str, bool]], data: Path) -> None:
    first = next(iter(Rows(data, "train"))).target
    text = "".join(piece for piece, _ in pieces)
    assert text
    assert first.lower().startswith(text.lower())
    learned = sum(len(piece) for piece, is_learned in pieces if is_learned)
    assert 0 < learned < 0.5 * len(text)


def test_preflight_of_an_encoder_decoder_shows_what_is_removed(make_restoring, recording, tmp_path) -> None:
    run_spec = make_restoring()
    (tmp_path / "preflight").mkdir()
    spec = PreflightSpec(
        inputs={"data": run_spec.inputs["data"]},
        work=str(tmp_path / "preflight"),
        task_type="pretraining",
        base=run_spec.base,
    )
    assert_pieces_are_the_document(preflight(spec, recording()).first_row, Path(spec.inputs["data"]))


def test_an_encoder_learns_both_tasks_and_loses_the_head_of_the_second(make_masked, recording) -> None:
    spec = make_masked(objective="next_sentence", max_steps=60, validation_rounds=6)
    reporter = recording()
    result = run(spec, reporter)
    masked, pair = _figures(reporter, "masked_loss"), _figures(reporter, "next_sentence_loss")
    assert result.validation_loss < 0.8 * result.base_loss
    assert min(masked) < masked[0]
    assert all(0 < loss < 2 for loss in pair)
    assert len(_figures(reporter, "next_sentence_accuracy")) == len(masked)
    assert result.verdict.code == "learned"
    assert not any("next_sentence" in name for name in _weights(spec))


@pytest.mark.parametrize("tuning", ["full", "lora"])
@pytest.mark.parametrize("objective", ["next_sentence", "span_corruption"])
def test_a_resumed_run_of_other_objectives_ends_with_the_same_bits(
    make_masked, make_restoring, recording, tmp_path, objective, tuning
) -> None:
    make = make_masked if objective == "next_sentence" else make_restoring
    settings = {"objective": objective, "max_steps": 6, "validation_rounds": 3, "tuning": tuning}
    whole = make("whole", **settings)
    run(whole, recording())

    class CutOff(recording):
        def emit(self, event):
            super().emit(event)
            if event.type == "checkpoint" and event.step == 4:
                shutil.copytree(event.path, tmp_path / "kept")
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(make("cut", **settings), CutOff())
    rest = make("rest", inputs={"checkpoint": str(tmp_path / "kept")}, **settings)
    assert run(rest, recording()).steps == 6
    expected, found = _weights(whole), _weights(rest)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.fixture
def make_restoring(make_run):
    def build(name: str = "work", **options) -> RunSpec:
        inputs = options.pop("inputs", None)
        spec = make_run(name, inputs=inputs, **{"objective": "span_corruption", **options})
        return spec.model_copy(update={"base": StarterBase(family=Family.SEQ2SEQ, size=StarterSize.TINY)})

    return build


def test_an_encoder_decoder_learns_to_write_what_was_removed(make_restoring, make_spec, recording) -> None:
    spec, reporter = make_restoring(max_steps=60, validation_rounds=4), recording()
    result = run(spec, reporter)
    assert result.validation_loss < 0.7 * result.base_loss
    perplexities = _figures(reporter, "span_perplexity")
    assert perplexities[-1] < perplexities[0]
    [shown] = reporter.of("sample")[-1].rows
    assert "<|span_0|>" in shown.input
    assert "<|span_0|>" not in shown.target
    translation = make_spec(
        Family.SEQ2SEQ, name="more", inputs={"base": str(Path(spec.work) / "out")}, max_steps=5
    )
    run(translation.model_copy(update={"base": VersionBase(family=Family.SEQ2SEQ)}), recording())
    assert load_folder(Path(translation.work) / "out").manifest.task_type == "translation"


def test_a_tokenizer_without_marks_is_refused(make_run, make_spec, recording) -> None:
    first = make_spec(Family.SEQ2SEQ, name="first", max_steps=2)
    run(first, recording())
    spec = make_run("second", inputs={"base": str(Path(first.work) / "out")}, objective="span_corruption")
    with pytest.raises(JobError) as caught:
        run(spec.model_copy(update={"base": VersionBase(family=Family.SEQ2SEQ)}), recording())
    assert caught.value.code == "no_sentinels"
