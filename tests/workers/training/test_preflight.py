"""Pre-flight counts what a run would do, and says what stands in its way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.objectives.seq2seq import Seq2SeqOptions
from workers.contracts.recipes import (
    FolderBase,
    Length,
    Precision,
    Recipe,
    StarterBase,
    StarterSize,
    Tuning,
    UploadBase,
    VersionBase,
)
from workers.models.folder import write_folder
from workers.models.loading import load_folder
from workers.runtime.reporter import JobError
from workers.shared import memory
from workers.training import preflight as preflight_module
from workers.training.data import Rows, encode_rows
from workers.training.estimates import Speed, measure_speed, offered_minutes
from workers.training.preflight import preflight
from workers.training.run import run

from .conftest import LABELS, TASKS, write_rows


@pytest.fixture
def make_preflight(tmp_path):
    def build(data: Path, family: Family, *, name: str = "preflight", **options) -> PreflightSpec:
        work = tmp_path / name
        work.mkdir()
        settings = {"base": StarterBase(family=family, size=StarterSize.TINY), **options}
        return PreflightSpec(
            inputs={"data": str(data), **settings.pop("inputs", {})},
            work=str(work),
            task_type=TASKS[family],
            labels=LABELS if family is Family.CLASSIFIER else [],
            **settings,
        )

    return build


@pytest.mark.parametrize("family", list(TASKS))
def test_it_counts_fills_the_recipe_and_leaves_the_initial_model(family, dataset, make_preflight, recording):
    spec = make_preflight(dataset(family), family)
    result = preflight(spec, recording())
    assert result.rows == {"train": 60, "validation": 20, "test": 20}
    assert result.findings == []
    assert 0 < result.learned_tokens < result.tokens
    if family is Family.CLASSIFIER:
        assert result.learned_tokens == 60
    assert result.tokens == round(result.row_tokens.mean * 60)
    assert sum(rows for _, rows in result.row_tokens.histogram) == 60
    recipe = result.recipe
    for name in ("tuning", "epochs", "learning_rate", "batch_rows", "max_length", "tokens_per_microbatch"):
        assert getattr(recipe, name) is not None, name
    assert result.steps == round(recipe.epochs * -(-60 // recipe.batch_rows))
    assert min(result.seconds, result.memory_bytes, result.disk_bytes) > 0
    assert [learned for _, learned in result.first_row] == [False, True]
    loaded = load_folder(Path(spec.work) / "out")
    assert not loaded.manifest.trained
    assert loaded.manifest.parameters == result.parameters == result.trainable_parameters


def test_a_run_from_what_preflight_left_is_the_run_from_the_starter(
    dataset, make_preflight, make_spec, recording
):
    family = Family.CLASSIFIER
    spec = make_preflight(dataset(family), family)
    recipe = preflight(spec, recording()).recipe.model_copy(update={"max_steps": 5})
    direct = make_spec(family, name="direct").model_copy(update={"recipe": recipe})
    staged = make_spec(family, name="staged", inputs={"base": str(Path(spec.work) / "out")})
    staged = staged.model_copy(update={"recipe": recipe, "base": VersionBase(family=family)})
    assert run(staged, recording()).validation_loss == run(direct, recording()).validation_loss


def test_rows_whose_answer_would_be_cut_off_are_left_out_and_the_fix_keeps_them(
    dataset, make_preflight, recording, tmp_path
):
    long = [("train", [("user", "very " * 40 + "long")], "yes")] * 3
    cut = [("train", [("user", "say")], "no " * 40)] * 2
    short = [("train", [("user", f"is it {number}")], "no") for number in range(28)]
    data = write_rows(tmp_path / "long", long + cut + short)
    spec = make_preflight(data, Family.CAUSAL, recipe=Recipe(max_length=16))
    result = preflight(spec, recording())
    assert result.unlearnable_rows == 3
    assert result.cut_share == pytest.approx(2 / 33), "each row counts once"
    [cut_off] = [finding for finding in result.findings if "to be truncated" in finding.message]
    assert cut_off.message.endswith(": 2 of 33.")
    assert not any(finding.blocks for finding in result.findings)
    [left_out] = [finding for finding in result.findings if "to be skipped" in finding.message]
    assert ": 3 of 33. " in left_out.message
    assert result.steps == round(result.recipe.epochs * -(-30 // result.recipe.batch_rows))
    mended = Recipe(**{**spec.recipe.model_dump(), **left_out.fix})
    again = preflight(make_preflight(data, Family.CAUSAL, name="again", recipe=mended), recording())
    assert not any("to be skipped" in finding.message for finding in again.findings)


def test_only_when_no_row_remains_does_that_block(make_preflight, recording, tmp_path):
    rows = [("train", [("user", f"{'very ' * 40} long {n}")], "yes") for n in range(10)]
    data = write_rows(tmp_path / "none", rows)
    result = preflight(make_preflight(data, Family.CAUSAL, recipe=Recipe(max_length=16)), recording())
    [blocking] = [finding for finding in result.findings if finding.blocks]
    assert blocking.message.startswith("None of the 10 rows")
    assert blocking.fix["max_length"] > 16


@pytest.mark.parametrize("rate", [1.0, 0.012, 0.0003, 1e-6])
def test_a_learning_rate_far_from_the_usual_is_questioned(rate, dataset, make_preflight, recording):
    asked = make_preflight(dataset(Family.CAUSAL), Family.CAUSAL, recipe=Recipe(learning_rate=rate))
    [finding] = preflight(asked, recording()).findings
    assert f"{rate:g}" in finding.message
    assert not finding.blocks
    usual = Recipe(**finding.fix)
    again = make_preflight(dataset(Family.CAUSAL), Family.CAUSAL, name="again", recipe=usual)
    assert preflight(again, recording()).findings == []


def test_a_step_larger_than_the_data_is_questioned(dataset, make_preflight, recording):
    asked = make_preflight(dataset(Family.CAUSAL), Family.CAUSAL, recipe=Recipe(batch_rows=60))
    [finding] = preflight(asked, recording()).findings
    assert "60 rows" in finding.message
    assert finding.fix["batch_rows"] < 60


def test_answers_that_equal_their_questions_are_questioned(make_preflight, recording, tmp_path):
    rows = [("train", [("user", f"Echo {n}")], f" echo {n}") for n in range(20)]
    rows += [("validation", [("user", "Echo")], "echo")]
    result = preflight(make_preflight(write_rows(tmp_path / "echo", rows), Family.CAUSAL), recording())
    assert [f.message for f in result.findings if "repeats the question: 20 of 20." in f.message]


def test_long_texts_are_divided_and_all_of_them_is_learned(make_preflight, make_spec, recording, tmp_path):
    """Two books of one row each, and a row to watch: no token of them is thrown away."""
    book = " ".join(f"word{number % 97} and" for number in range(900))
    rows = [("train", [], book), ("train", [], f"again {book}"), ("validation", [], book)]
    data = write_rows(tmp_path / "books", rows)
    spec = make_preflight(data, Family.CAUSAL, recipe=Recipe(max_length=128))
    spec = spec.model_copy(update={"task_type": "generation"})
    result = preflight(spec, recording())
    assert (result.cut_share, result.unlearnable_rows) == (0, 0)
    assert not any(finding.blocks for finding in result.findings), "two rows, but many windows"
    assert any("split into windows" in finding.message for finding in result.findings)
    assert result.learned_tokens == sum(length - 1 for length in _lengths(result, spec, data))
    recipe = result.recipe.model_copy(update={"max_steps": 3, "sample_rows": 0})
    trained = make_spec(Family.CAUSAL, name="run").model_copy(
        update={"recipe": recipe, "task_type": "generation"}
    )
    trained.inputs["data"] = str(data)
    reporter = recording()
    found = run(trained, reporter)
    assert found.tokens_seen > 3 * 2 * 128
    assert found.validation_loss is not None


def _lengths(result, spec, data):
    loaded = load_folder(Path(spec.work) / "out")
    rows = Rows(data, "train")
    whole = encode_rows(rows, loaded.tokenizer, loaded.manifest, max_length=None, max_target_length=None)
    return [example.input_length for example in whole]


def test_no_limit_is_set_by_itself_and_a_chosen_one_agrees_with_the_estimate(
    dataset, make_preflight, recording
):
    data = dataset(Family.CLASSIFIER)
    for length in Length:
        result = preflight(make_preflight(data, Family.CLASSIFIER, name=length, length=length), recording())
        assert result.recipe.max_minutes is None
        assert result.seconds == result.whole_seconds
    short = Recipe(max_minutes=0.01, epochs=900)
    result = preflight(make_preflight(data, Family.CLASSIFIER, name="short", recipe=short), recording())
    assert result.seconds < result.whole_seconds
    assert result.seconds <= 0.6 + 10, "the limit, and what starting and saving take"
    assert result.offered_minutes == 0.01


def test_a_long_run_offers_a_limit() -> None:
    assert offered_minutes(Recipe(), Length.QUICK, 60 * 60) == 2
    assert offered_minutes(Recipe(), Length.QUICK, 60) is None
    assert offered_minutes(Recipe(max_minutes=30), Length.QUICK, 29 * 60) is None


def test_the_same_question_gives_the_same_plan_however_fast_the_machine_is(
    dataset, make_preflight, recording, monkeypatch
):
    steps = []
    for number, slow in enumerate((1.0, 50.0)):

        def slowed(*arguments: Any, factor: float = slow) -> Speed:
            speed = measure_speed(*arguments)
            return replace(speed, per_token=factor * speed.per_token)

        monkeypatch.setattr(preflight_module, "measure_speed", slowed)
        spec = make_preflight(dataset(Family.CLASSIFIER), Family.CLASSIFIER, name=f"n{number}")
        steps.append(preflight(spec, recording()).steps)
    assert steps[0] == steps[1]


def test_too_few_rows_block(make_preflight, recording, tmp_path):
    data = write_rows(tmp_path / "few", [("train", [("user", "a")], "b"), ("train", [("user", "c")], "d")])
    result = preflight(make_preflight(data, Family.SEQ2SEQ), recording())
    assert any(
        finding.blocks and "too few training rows (2)" in finding.message for finding in result.findings
    )


def test_no_rows_at_all_is_told(make_preflight, recording, tmp_path):
    data = write_rows(tmp_path / "none", [("test", [("user", "a")], "b")])
    with pytest.raises(JobError) as caught:
        preflight(make_preflight(data, Family.SEQ2SEQ), recording())
    assert caught.value.code == "no_rows"


def test_a_base_that_does_not_fit_into_memory_is_told(dataset, make_preflight, recording, monkeypatch):
    family = Family.CLASSIFIER
    data = dataset(family)
    first = make_preflight(data, family)
    preflight(first, recording())

    def too_much(*_: object, **__: object) -> None:
        raise RuntimeError("unable to mmap 379996352 bytes from file: Cannot allocate memory (12)")

    monkeypatch.setattr(PreTrainedModel, "from_pretrained", too_much)
    inputs = {"base": str(Path(first.work) / "out")}
    again = make_preflight(data, family, name="again", base=VersionBase(family=family), inputs=inputs)
    with pytest.raises(JobError) as caught:
        preflight(again, recording())
    assert caught.value.code == "out_of_memory"


def test_more_memory_than_there_is_blocks_and_offers_lora(dataset, make_preflight, recording, monkeypatch):
    monkeypatch.setattr(preflight_module, "free_memory", lambda _: 1_000_000)
    result = preflight(make_preflight(dataset(Family.CAUSAL), Family.CAUSAL), recording())
    assert {"tuning": Tuning.LORA} in [finding.fix for finding in result.findings if finding.blocks]


@pytest.mark.parametrize(
    ("tuning", "device", "fix"),
    [
        (Tuning.LORA, "cuda", {"tuning": Tuning.QLORA}),
        (Tuning.LORA, "cpu", {}),
        (Tuning.QLORA, "cuda", {}),
    ],
)
def test_qlora_is_offered_where_it_helps(tuning, device, fix, monkeypatch):
    """On a CPU, all weights are put together again in the memory that training used."""
    monkeypatch.setattr(preflight_module, "free_memory", lambda _: 1_000_000)
    [finding] = preflight_module._memory_findings(2_000_000, Recipe(tuning=tuning), torch.device(device))
    assert (finding.blocks, finding.fix) == (True, fix)


def test_qlora_is_tried_and_run_from_a_base_in_bf16(dataset, make_preflight, make_spec, recording):
    data = dataset(Family.CAUSAL)
    first = make_preflight(data, Family.CAUSAL)
    preflight(first, recording())
    folder = Path(first.work) / "out"
    loaded = load_folder(folder)
    loaded.precision = Precision.BF16
    write_folder(loaded, folder)
    inputs = {"base": str(folder)}
    recipe = Recipe(tuning=Tuning.QLORA, max_steps=4, precision=Precision.FP32)
    base = VersionBase(family=Family.CAUSAL)
    asked = make_preflight(data, Family.CAUSAL, name="asked", base=base, inputs=inputs, recipe=recipe)
    result = preflight(asked, recording())
    assert not [finding for finding in result.findings if finding.blocks]
    assert 0 < result.trainable_parameters < result.parameters == loaded.manifest.parameters
    spec = make_spec(Family.CAUSAL, name="run", inputs=inputs).model_copy(update={"recipe": result.recipe})
    ended = run(spec, recording())
    assert (ended.steps, ended.parameters) == (4, result.parameters)
    assert load_folder(Path(spec.work) / "out").manifest.precision is Precision.FP32


@pytest.mark.parametrize(("spare", "fits"), [(64 << 20, True), (-(64 << 20), False)])
def test_what_pre_flight_holds_itself_counts_as_free(
    spare, fits, dataset, make_preflight, recording, monkeypatch
):
    """It promises the most that this process held; of that, only what it does not hold now has to be free."""
    monkeypatch.setattr(memory, "free", lambda: max(0, memory.peak() - memory.held() + spare))
    result = preflight(make_preflight(dataset(Family.CAUSAL), Family.CAUSAL), recording())
    assert any("of memory" in finding.message for finding in result.findings) is not fits


def test_more_disk_than_there_is_blocks(dataset, make_preflight, recording, monkeypatch):
    monkeypatch.setattr(preflight_module, "free_disk", lambda _: 1000)
    result = preflight(make_preflight(dataset(Family.CAUSAL), Family.CAUSAL), recording())
    assert any(finding.blocks and "disk" in finding.message for finding in result.findings)


def test_longer_training_means_more_epochs(dataset, make_preflight, recording):
    data = dataset(Family.CLASSIFIER)
    epochs = [
        preflight(
            make_preflight(data, Family.CLASSIFIER, name=length, length=length), recording()
        ).recipe.epochs
        for length in Length
    ]
    assert epochs == sorted(epochs)
    assert epochs[0] < epochs[-1]


def test_settings_that_the_user_chose_stay(dataset, make_preflight, recording):
    chosen = Recipe(epochs=2.5, learning_rate=0.01, batch_rows=7, max_length=33)
    result = preflight(make_preflight(dataset(Family.CAUSAL), Family.CAUSAL, recipe=chosen), recording())
    for name in ("epochs", "learning_rate", "batch_rows", "max_length"):
        assert getattr(result.recipe, name) == getattr(chosen, name)


def test_rows_are_never_longer_than_the_model_reads(dataset, make_preflight, recording):
    chosen = Recipe(max_length=100_000, objective=Seq2SeqOptions(max_target_length=30_000))
    result = preflight(make_preflight(dataset(Family.SEQ2SEQ), Family.SEQ2SEQ, recipe=chosen), recording())
    assert result.recipe.max_length == result.recipe.max_target_length == result.context_length


def test_rows_that_the_chat_template_refuses_are_told(
    dataset, make_preflight, make_spec, recording, tmp_path
):
    first = make_spec(Family.CAUSAL)
    run(first, recording())
    folder = Path(first.work) / "out"
    (folder / "chat_template.jinja").write_text(
        "{% for message in messages %}{% if message.role == 'system' %}{{ raise_exception('No system role') }}"
        "{% endif %}{{ message.content }}<|end|>{% endfor %}"
    )
    told = [("train", [("system", "Be kind."), ("user", f"is it {n}")], "no") for n in range(10)]
    data = write_rows(tmp_path / "told", told)
    base = FolderBase(family=Family.CAUSAL, path=str(folder))
    with pytest.raises(JobError, match="No system role") as caught:
        preflight(make_preflight(data, Family.CAUSAL, base=base, model_roots=[str(tmp_path)]), recording())
    assert (caught.value.code, caught.value.field) == ("template_refuses", "base")


def test_a_local_model_is_copied_as_it_came(dataset, make_preflight, make_spec, recording, tmp_path):
    first = make_spec(Family.CAUSAL)
    run(first, recording())
    folder = Path(first.work) / "out"
    base = FolderBase(family=Family.CAUSAL, path=str(folder))
    spec = make_preflight(dataset(Family.CAUSAL), Family.CAUSAL, base=base, model_roots=[str(tmp_path)])
    preflight(spec, recording())
    copied = load_folder(Path(spec.work) / "out")
    original = load_folder(folder)
    assert copied.manifest.trained
    for name, weight in original.model.state_dict().items():
        assert weight.equal(copied.model.state_dict()[name]), name


def test_an_uploaded_model_is_read_from_its_files(dataset, make_preflight, make_spec, recording):
    first = make_spec(Family.CAUSAL)
    run(first, recording())
    folder = Path(first.work) / "out"
    base = UploadBase(family=Family.CAUSAL, upload="1")
    spec = make_preflight(dataset(Family.CAUSAL), Family.CAUSAL, base=base)
    spec = spec.model_copy(update={"inputs": {**spec.inputs, "files": str(folder)}})
    preflight(spec, recording())
    copied = load_folder(Path(spec.work) / "out")
    assert copied.manifest.trained
    assert copied.model.num_parameters() == load_folder(folder).model.num_parameters()


def test_the_specs_task_type_decides_how_a_prompt_is_built(dataset, make_preflight, recording):
    spec = make_preflight(dataset(Family.CAUSAL), Family.CAUSAL)
    code = spec.model_copy(update={"task_type": "code"})
    pieces = preflight(code, recording()).first_row
    assert "<|user|>" not in pieces[0][0]
