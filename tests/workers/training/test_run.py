"""Whole runs of tiny models: they learn, stop, resume and leave a model folder."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.workers.training.conftest import LABELS, TASKS
from workers.contracts.events import SAVING
from workers.contracts.families import Family
from workers.contracts.model_folder import ParityRecord
from workers.contracts.recipes import LoraVariant, Precision, Tuning
from workers.models.generation import classify, score
from workers.models.loading import load_folder
from workers.models.prompts import encode_prompt
from workers.runtime.reporter import JobError, StopRequested
from workers.training import loop as loop_module
from workers.training.checkpoints import Validation
from workers.training.run import run

FAMILIES = list(TASKS)


def _weights(work: str) -> dict[str, torch.Tensor]:
    return load_file(Path(work) / "out" / "model.safetensors")


def _validation(reporter) -> list[float]:
    values = [event.values for event in reporter.of("metric")]
    return [value["validation_loss"] for value in values if "validation_loss" in value]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_learns_and_leaves_a_model_that_answers_as_recorded(family, make_spec, recording):
    reporter = recording()
    spec = make_spec(family, max_steps=30)
    result = run(spec, reporter)

    losses = _validation(reporter)
    assert losses[-1] < 0.8 * losses[0]
    assert result.stopped == "finished"
    assert result.steps == 30
    assert result.validation_loss == pytest.approx(min(losses))
    loaded = load_folder(Path(spec.work) / "out")
    assert loaded.manifest.trained
    assert loaded.manifest.lineage["dataset"] == "phrases"
    records = json.loads((Path(spec.work) / "out" / "parity.json").read_text())
    assert 8 <= len(records) <= 16
    for record in map(ParityRecord.model_validate, records):
        assert encode_prompt(loaded.tokenizer, loaded.manifest, record.prompt) == record.prompt_ids
        if family is Family.CLASSIFIER:
            assert classify(loaded, [record.prompt_ids])[0] == pytest.approx(
                list(record.label_scores.values()), abs=1e-5
            )
        else:
            [said] = score(loaded, [(record.prompt_ids, record.output_ids)])
            assert said == pytest.approx(record.log_probabilities, abs=1e-3)


def test_a_run_that_keeps_its_last_weights_says_what_it_is(make_spec, recording):
    spec, reporter = make_spec(Family.CLASSIFIER, keep_best=False), recording()
    result = run(spec, reporter)
    assert result.best_step == result.steps
    assert not list(Path(spec.work).rglob("best.safetensors"))
    card = (Path(spec.work) / "out" / "README.md").read_text()
    assert "random weights" in card
    assert "This is a classifier. It sorts texts into a fixed set of labels.\n" in card
    for said in reporter.of("sample")[-1].rows:
        assert said.output in LABELS
        assert said.target in LABELS
        assert 1 / len(LABELS) <= said.share <= 1


def test_events_tell_phases_metrics_samples_and_checkpoints(make_spec, recording):
    reporter = recording()
    spec = make_spec(Family.SEQ2SEQ)
    run(spec, reporter)
    phases = list(dict.fromkeys(event.phase for event in reporter.of("progress")))
    assert phases == [
        "loading data",
        "loading model",
        "encoding rows",
        "training the model",
        "saving the model",
    ]
    fractions = [event.fraction for event in reporter.of("progress")]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    measured = {name for event in reporter.of("metric") for name in event.values}
    assert {"train_loss", "validation_loss", "learning_rate", "tokens_per_second", "memory_bytes"} <= measured
    learning = [event.step for event in reporter.of("metric") if "train_loss" in event.values]
    validated = [event.step for event in reporter.of("metric") if "validation_loss" in event.values]
    assert set(validated) <= set(learning), "the cards of a kept step show what it learned"
    assert [event.step for event in reporter.of("checkpoint")] == [4, 8, 12]
    assert len(reporter.of("sample")) == 3


@pytest.mark.parametrize(
    ("family", "tuning", "variant"),
    [
        *((family, tuning, LoraVariant.LORA) for family in FAMILIES for tuning in Tuning),
        *(
            (Family.CAUSAL, Tuning.LORA, variant)
            for variant in LoraVariant
            if variant is not LoraVariant.LORA
        ),
    ],
)
def test_a_resumed_run_ends_with_the_same_bits(family, tuning, variant, make_spec, recording, tmp_path):
    method = {"tuning": tuning, "lora_variant": variant, "dropout": 0.1}
    whole = make_spec(family, name="whole", **method)
    run(whole, recording())

    class CutOff(recording):
        """Dies at the second checkpoint, as a killed process would."""

        def emit(self, event):
            super().emit(event)
            if event.type == "checkpoint" and event.step == 8:
                shutil.copytree(event.path, tmp_path / "kept")
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(make_spec(family, name="cut", **method), CutOff())
    torch.manual_seed(999)
    inputs = {"checkpoint": str(tmp_path / "kept")}
    rest = make_spec(family, name="rest", **method, inputs=inputs)
    reporter = recording()
    result = run(rest, reporter)

    assert result.steps == 12
    assert min(event.step for event in reporter.of("metric")) > 8
    expected, found = _weights(whole.work), _weights(rest.work)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)

    stopped = recording()
    stopped.request_stop()
    at_once = make_spec(family, name="at once", **method, inputs=inputs)
    result = run(at_once, stopped)
    assert (result.stopped, result.steps) == ("user", 8), "it leaves what the checkpoint holds"
    assert load_folder(Path(at_once.work) / "out").manifest.trained


def test_a_paused_run_writes_a_checkpoint_and_ends_with_the_same_bits(make_spec, recording) -> None:
    whole = make_spec(Family.CAUSAL, name="whole", dropout=0.1)
    run(whole, recording())

    class Pausing(recording):
        def emit(self, event):
            super().emit(event)
            if event.type == "metric" and event.step == 1:
                self.request_pause()

    paused = make_spec(Family.CAUSAL, name="paused", dropout=0.1)
    reporter = Pausing()
    with pytest.raises(StopRequested):
        run(paused, reporter)
    (last,) = reporter.of("checkpoint")
    assert last.step == 1
    assert reporter.of("progress")[-1].phase == SAVING
    assert max(event.fraction or 0 for event in reporter.of("progress")) < 0.5, "the bar stays where it is"
    rest = make_spec(Family.CAUSAL, name="rest", dropout=0.1, inputs={"checkpoint": last.path})
    assert run(rest, recording()).steps == 12
    expected, found = _weights(whole.work), _weights(rest.work)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_resumed_run_cost_the_time_of_all_its_attempts(make_spec, recording, tmp_path):
    first = make_spec(Family.CLASSIFIER, name="first")
    run(first, recording())
    kept = max((Path(first.work) / "checkpoints").glob("step-*"))
    state = json.loads((kept / "state.json").read_text())
    (kept / "state.json").write_text(json.dumps(state | {"seconds": 5000}))
    rest = make_spec(Family.CLASSIFIER, name="rest", inputs={"checkpoint": str(kept)})
    assert run(rest, recording()).seconds >= 5000


def _last_checkpoint(work: str) -> Path:
    return max((Path(work) / "checkpoints").glob("step-*"))


@pytest.mark.parametrize("tuning", list(Tuning))
def test_a_continued_run_is_the_longer_run(tuning, make_spec, recording):
    """Same weights, optimizer, order of rows and random states: with a constant rate not a bit differs."""
    steady = {"schedule": "constant", "warmup_share": 0.0, "dropout": 0.1, "tuning": tuning}
    steady |= {"early_stopping_rounds": 0}
    whole = make_spec(Family.CAUSAL, name="whole", max_steps=16, validation_rounds=4, **steady)
    run(whole, recording())
    first = make_spec(Family.CAUSAL, name="first", max_steps=8, validation_rounds=2, **steady)
    run(first, recording())
    inputs = {"checkpoint": str(_last_checkpoint(first.work))}
    more = make_spec(
        Family.CAUSAL, name="more", inputs=inputs, max_steps=16, validation_rounds=2, **steady
    ).model_copy(update={"continues": "first"})
    reporter = recording()
    result = run(more, reporter)
    assert (result.steps, result.planned_steps, result.stopped) == (16, 16, "finished")
    expected = load_file(_last_checkpoint(whole.work) / "weights.safetensors")
    found = load_file(_last_checkpoint(more.work) / "weights.safetensors")
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    training = [event.fraction for event in reporter.of("progress") if event.phase == "training the model"]
    assert training[0] < 0.1, "the bar is that of the run at hand"
    assert [event.step for event in reporter.of("checkpoint")] == [12, 16]


def test_a_continued_run_warms_up_and_joins_the_longer_schedule(make_spec, recording):
    first = make_spec(Family.CLASSIFIER, name="first", max_steps=10)
    run(first, recording())
    inputs = {"checkpoint": str(_last_checkpoint(first.work))}
    longer = {"max_steps": 50, "warmup_share": 0.2, "early_stopping_rounds": 0}
    more = make_spec(Family.CLASSIFIER, name="more", inputs=inputs, **longer)
    reporter = recording()
    result = run(more.model_copy(update={"continues": "first"}), reporter)
    rates = [e.values["learning_rate"] for e in reporter.of("metric") if "learning_rate" in e.values]
    assert result.steps > 10
    assert result.base_loss is not None, "what the first run measured stays"
    assert rates[0] < 0.1 * 3e-3, "it warms up again"
    assert rates[-1] < 0.1 * 3e-3, "and comes down at its own end"


def test_minutes_of_a_continued_run_count_from_where_it_began(make_spec, recording):
    first = make_spec(Family.CLASSIFIER, name="first", max_steps=6)
    run(first, recording())
    kept = _last_checkpoint(first.work)
    state = json.loads((kept / "state.json").read_text())
    (kept / "state.json").write_text(json.dumps(state | {"seconds": 5000}))
    inputs = {"checkpoint": str(kept)}
    limits = {"max_steps": 100_000, "max_minutes": 0.02, "early_stopping_rounds": 0}
    more = make_spec(Family.CLASSIFIER, name="more", inputs=inputs, **limits)
    result = run(more.model_copy(update={"continues": "first"}), recording())
    assert result.stopped == "time"
    assert result.steps > 6
    assert result.seconds < 5000, "the earlier run's time is its own"


def test_a_stopped_run_can_be_continued_from_where_the_stop_met_it(make_spec, recording):
    reporter = recording(stop_after_metrics=2)
    spec = make_spec(Family.CLASSIFIER, max_steps=5000, validation_rounds=1)
    result = run(spec, reporter)
    assert result.stopped == "user"
    assert json.loads((_last_checkpoint(spec.work) / "state.json").read_text())["step"] == result.steps


def test_a_checkpoint_of_another_model_is_refused(make_spec, recording, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "state.json").write_text("{}")
    spec = make_spec(Family.CLASSIFIER, inputs={"checkpoint": str(tmp_path / "broken")})
    with pytest.raises(JobError) as caught:
        run(spec, recording())
    assert caught.value.code == "checkpoint_unreadable"


def test_stop_keeps_the_best_model_so_far(make_spec, recording):
    reporter = recording(stop_after_metrics=4)
    spec = make_spec(Family.CLASSIFIER, max_steps=5000, validation_rounds=1000)
    result = run(spec, reporter)
    assert result.stopped == "user"
    assert 0 < result.steps < 5000
    assert result.best_step <= result.steps
    assert load_folder(Path(spec.work) / "out").manifest.trained


def test_stop_before_the_first_step_leaves_nothing(make_spec, recording):
    reporter = recording()
    reporter.request_stop()
    spec = make_spec(Family.CLASSIFIER)
    with pytest.raises(StopRequested):
        run(spec, reporter)
    assert not (Path(spec.work) / "out").exists()


def test_stop_during_the_first_step_leaves_nothing(make_spec, recording, monkeypatch):
    reporter = recording()
    begin = loop_module.Phases.begin

    def stop_at_training(phases, phase):
        begin(phases, phase)
        if phase == "training the model":
            reporter.request_stop()

    monkeypatch.setattr(loop_module.Phases, "begin", stop_at_training)
    spec = make_spec(Family.CLASSIFIER)
    with pytest.raises(StopRequested):
        run(spec, reporter)
    assert not (Path(spec.work) / "out").exists()


def test_early_stopping_ends_a_run_that_no_longer_gets_better(make_spec, recording):
    spec = make_spec(
        Family.CLASSIFIER, max_steps=300, validation_rounds=100, early_stopping_rounds=2, learning_rate=0.02
    )
    result = run(spec, recording())
    assert result.stopped == "early_stopping"
    assert result.best_step < result.steps < 300


def test_few_labels_end_a_run_only_once_the_learning_rate_has_come_down(make_spec, recording, monkeypatch):
    """Of 20 validation rows each is worth five points: two rounds without gain say nothing."""
    monkeypatch.setattr(loop_module, "validate", lambda *_: Validation(loss=0.9, accuracy=0.7))
    few = {"max_steps": 40, "validation_rounds": 20, "early_stopping_rounds": 2, "dropout": 0.0}
    result = run(make_spec(Family.CLASSIFIER, name="few", **few), recording())
    assert (result.stopped, result.best_step) == ("early_stopping", 2)
    assert 0.75 * 40 <= result.steps < 40
    monkeypatch.setattr(loop_module, "FEW_LABELS", 10)
    assert run(make_spec(Family.CLASSIFIER, name="many", **few), recording()).steps == 6


def test_a_run_goes_on_while_its_loss_still_falls(make_spec, recording, monkeypatch):
    losses = (0.9, 0.8, 0.7, 0.6, 0.65, 0.66)
    rounds = [
        Validation(loss=loss, accuracy=share) for loss, share in zip(losses, (0.8, *[0.7] * 5), strict=True)
    ]
    validated = iter([Validation(loss=1.0, accuracy=0.2), *rounds])
    monkeypatch.setattr(loop_module, "validate", lambda *_: next(validated))
    steps = {"max_steps": 24, "validation_rounds": 12, "early_stopping_rounds": 2}
    spec = make_spec(Family.CLASSIFIER, schedule="constant", dropout=0.0, **steps)
    result = run(spec, recording())
    assert (result.stopped, result.steps, result.best_step) == ("early_stopping", 12, 2)


def test_a_time_limit_ends_a_run(make_spec, recording):
    reporter = recording()
    result = run(make_spec(Family.CLASSIFIER, max_steps=100_000, max_minutes=0.02), reporter)
    assert result.stopped == "time"
    assert result.steps < result.planned_steps
    training = [event for event in reporter.of("progress") if event.phase == "training the model"]
    assert training[-1].fraction > 0.6, "the bar follows the time, which ends the run"
    assert training[-1].seconds_left < 0.6


def test_the_best_weights_are_kept_not_the_last(make_spec, recording, monkeypatch):
    losses = iter([4.0, 1.0, 2.0, 3.0])
    monkeypatch.setattr(loop_module, "validate", lambda *_: Validation(loss=next(losses)))
    best = make_spec(Family.CLASSIFIER, name="best", dropout=0.0)
    result = run(best, recording())
    assert result.best_step == 4
    losses = iter([4.0, 1.0, 2.0, 3.0])
    last = make_spec(Family.CLASSIFIER, name="last", keep_best=False, dropout=0.0)
    assert run(last, recording()).best_step == 12
    name = "classifier.weight"
    assert not torch.equal(_weights(best.work)[name], _weights(last.work)[name])


def test_a_classifier_is_judged_by_its_answers_before_its_loss(make_spec, recording, monkeypatch):
    rounds = iter(
        [
            Validation(loss=loss, accuracy=share)
            for loss, share in ((1.6, 0.2), (0.5, 0.7), (0.9, 0.8), (0.8, 0.8))
        ]
    )
    monkeypatch.setattr(loop_module, "validate", lambda *_: next(rounds))
    result = run(make_spec(Family.CLASSIFIER, dropout=0.0), recording())
    assert (result.best_step, result.validation_loss, result.validation_accuracy) == (12, 0.8, 0.8)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_size_of_a_micro_batch_does_not_change_the_result(family, make_spec, recording):
    found = []
    for tokens in (64, 4096):
        spec = make_spec(family, name=f"micro-{tokens}", tokens_per_microbatch=tokens, dropout=0.0)
        run(spec, recording())
        found.append(_weights(spec.work))
    for name, weight in found[0].items():
        torch.testing.assert_close(weight, found[1][name], atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("tuning", "variant"),
    [
        *((Tuning.LORA, variant) for variant in LoraVariant),
        (Tuning.QLORA, LoraVariant.LORA),
        (Tuning.QLORA, LoraVariant.DORA),
        (Tuning.QLORA, LoraVariant.PISSA),
    ],
)
def test_adapters_train_little_and_leave_a_merged_model(tuning, variant, make_spec, recording):
    reporter = recording()
    spec = make_spec(Family.CAUSAL, tuning=tuning, lora_variant=variant, lora_rank=4)
    result = run(spec, reporter)
    losses = _validation(reporter)
    assert losses[-1] < losses[0] < result.base_loss
    assert f"Method: {spec.recipe.adapters} adapters" in (Path(spec.work) / "out" / "README.md").read_text()
    assert not any("lora" in name for name in _weights(spec.work))
    state = next(Path(spec.work).glob("checkpoints/step-*/weights.safetensors"))
    adapters = sum(weight.numel() for weight in load_file(state).values())
    assert adapters < result.parameters / 4


def test_bf16_training_is_close_to_fp32(make_spec, recording):
    losses = []
    for precision in (Precision.FP32, Precision.BF16):
        spec = make_spec(Family.CAUSAL, name=precision, precision=precision, dropout=0.0)
        losses.append(run(spec, recording()).validation_loss)
        assert load_folder(Path(spec.work) / "out").precision is precision
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


@pytest.mark.parametrize(
    "words",
    [
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: 12 bytes",
        "could not create a primitive",
    ],
)
def test_running_out_of_memory_offers_half_the_tokens(make_spec, recording, monkeypatch, words):
    def too_much(*_: object, **__: object) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(loop_module.Optimizer, "step", too_much)
    with pytest.raises(JobError) as caught:
        run(make_spec(Family.CAUSAL, tokens_per_microbatch=1024), recording())
    assert caught.value.code == "out_of_memory"
    assert caught.value.fix.recipe == {"tokens_per_microbatch": 512}


def test_a_loss_beyond_all_bounds_offers_a_learning_rate_that_works(make_spec, recording):
    wild = {"schedule": "constant", "warmup_share": 0.0, "max_gradient_norm": 100}
    with pytest.raises(JobError) as caught:
        run(
            make_spec(
                Family.CAUSAL,
                learning_rate=1.0,
                max_steps=300,
                early_stopping_rounds=0,
                weight_decay=0.0,
                **wild,
            ),
            recording(),
        )
    assert caught.value.code == "loss_not_finite"
    fix = caught.value.fix.recipe
    assert fix == {"learning_rate": 0.002}
    mended = run(make_spec(Family.CAUSAL, name="mended", max_steps=60, **wild, **fix), recording())
    assert mended.validation_loss < 1


def test_a_starter_that_learned_nothing_is_offered_the_rate_of_starters(make_spec, recording):
    spec = make_spec(Family.CLASSIFIER, learning_rate=1.0)
    verdict = run(spec, recording()).verdict
    assert verdict.warns
    assert verdict.fix.recipe == {"learning_rate": 1e-3}


def test_of_a_usual_learning_rate_a_quarter_is_offered(make_spec, recording, monkeypatch):
    monkeypatch.setattr(loop_module.Optimizer, "step", lambda *_: float("nan"))
    with pytest.raises(JobError) as caught:
        run(make_spec(Family.CAUSAL, learning_rate=None), recording())
    assert caught.value.fix.recipe == {"learning_rate": 0.0005}


def test_training_goes_on_from_a_model_version(make_spec, recording):
    first = make_spec(Family.CLASSIFIER, name="first", max_steps=30)
    trained = run(first, recording())
    inputs = {"base": str(Path(first.work) / "out")}
    reporter = recording()
    run(make_spec(Family.CLASSIFIER, name="second", inputs=inputs, learning_rate=1e-5), reporter)
    assert _validation(reporter)[0] == pytest.approx(trained.validation_loss, abs=0.05)


def test_a_label_that_the_run_does_not_know_is_told(make_spec, recording):
    spec = make_spec(Family.CLASSIFIER).model_copy(update={"labels": ["red", "green"]})
    with pytest.raises(JobError, match="label"):
        run(spec, recording())
