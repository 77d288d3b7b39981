"""An evaluation end to end: tiny real models answer, every output is kept, numbers equal an independent count."""

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from sacrebleu.metrics import BLEU, CHRF
from sklearn.metrics import f1_score

from tests.workers.serving.models import CONTEXT, make_folder
from workers.contracts.events import EVENTS_FD_VARIABLE
from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EvaluationResult, EvaluationSpec
from workers.contracts.model_folder import PromptMessage
from workers.contracts.tasks import TaskName
from workers.evaluation import answers
from workers.evaluation import rows as evaluation_rows
from workers.evaluation.run import evaluate
from workers.models.generation import Generated, generate_greedy
from workers.models.loading import LoadedModel
from workers.models.prompts import IGNORED, encode_examples
from workers.runtime.reporter import JobError, StopRequested

WORDS = ["red", "green", "old", "new", "house", "tree", "book", "river", "runs", "sleeps"]
Freeze = Callable[..., str]
Starter = Callable[..., LoadedModel]
Saved = Callable[[LoadedModel], str]


def pairs(count: int, *, test: int) -> list[tuple[str, str, str]]:
    source = random.Random(1)
    texts = [" ".join(source.choices(WORDS, k=source.randint(2, 7))) for _ in range(count)]
    return [("test" if i < test else "train", text, text.upper()) for i, text in enumerate(texts)]


def labelled(count: int, *, test: int) -> list[tuple[str, str, str]]:
    source = random.Random(2)
    labels = {"animal": "cat dog cow", "food": "bread soup rice", "tool": "hammer saw drill"}
    rows = []
    for place in range(count):
        label = source.choice(list(labels))
        text = " ".join(source.choices(labels[label].split(), k=3))
        rows.append(("test" if place < test else "train", text, label))
    return rows


def spec(
    data: str, tmp_path: Path, task_type: TaskName, model: str | None = None, **settings: object
) -> EvaluationSpec:
    inputs = {"data": data} | ({"model": model} if model else {})
    return EvaluationSpec(
        inputs=inputs,
        work=str(tmp_path / "work"),
        task_type=task_type,
        subject="model" if model else "trivial",
        bootstrap_rounds=200,
        **settings,
    )


def outputs(tmp_path: Path) -> dict[str, list[Any]]:
    return pq.read_table(tmp_path / "work" / "out" / "outputs.parquet").to_pydict()


def fit(loaded: LoadedModel, rows: list[tuple[str, str, str]], steps: int) -> None:
    """Overfit `rows`, so that the model knows them by heart."""
    data = [([PromptMessage(role="user", content=text)], target) for _, text, target in rows]
    examples = encode_examples(loaded.tokenizer, loaded.manifest, data)
    width = max(len(e.input_ids) for e in examples)
    pad = loaded.tokenizer.pad_token_id
    ids = torch.tensor([e.input_ids + [pad] * (width - len(e.input_ids)) for e in examples])
    wide = width if loaded.family is Family.CAUSAL else max(len(e.label_ids) for e in examples)
    labels = torch.tensor([e.label_ids + [IGNORED] * (wide - len(e.label_ids)) for e in examples])
    optimizer = torch.optim.AdamW(loaded.model.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        loaded.model(input_ids=ids, attention_mask=(ids != pad).long(), labels=labels).loss.backward()
        optimizer.step()


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.SEQ2SEQ])
def test_an_untrained_starter_is_scored(
    family: Family, freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = pairs(60, test=12)
    model = saved(starter(rows, family, "translation"))
    result = evaluate(spec(freeze(rows), tmp_path, "translation", model), heard.reporter)

    kept = outputs(tmp_path)
    assert kept["row_id"] == [f"r{place:05d}" for place in range(12)]
    assert kept["input"] == [text for split, text, _ in rows if split == "test"]
    assert json.loads(kept["prompt"][0]) == [{"role": "user", "content": rows[0][1]}]
    assert all(seconds > 0 for seconds in kept["seconds"])
    expected = CHRF().corpus_score(kept["output"], [kept["target"]]).score
    assert result.metrics["chrf"].value == pytest.approx(expected)
    expected = BLEU(force=True).corpus_score(kept["output"], [kept["target"]]).score
    assert result.metrics["bleu"].value == pytest.approx(expected)
    assert "tok:13a" in result.metrics["bleu"].signature
    for value in result.metrics.values():
        assert value.low <= value.value <= value.high
    assert any("Only 12 rows were scored" in finding for finding in result.findings)
    events = heard.events()
    assert (events[0]["type"], events[0]["device"], events[0]["precision"]) == ("started", "cpu", "fp32")
    fractions = [e["fraction"] for e in events if e["type"] == "progress"]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0


@pytest.mark.parametrize("kind", ["bart", "marian"])
def test_answers_longer_than_a_decoder_has_positions_are_scored_in_part(
    kind: str, freeze: Freeze, heard: Any, tmp_path: Path
) -> None:
    model = make_folder(tmp_path / kind, kind)
    long = "the book is due on monday " * CONTEXT
    rows = [("test", "the desk", "the book"), ("test", "the book", long), ("train", "monday", long)]
    result = evaluate(spec(freeze(rows), tmp_path, "translation", str(model)), heard.reporter)
    assert any(
        finding.startswith("References longer than the context, scored only in part: 1 of 2.")
        for finding in result.findings
    )
    assert math.isfinite(result.metrics["bits_per_byte"].value)
    table = pq.read_table(tmp_path / "work" / "out" / "outputs.parquet").to_pydict()
    assert table["stat.reference_tokens"][1] == CONTEXT
    assert table["stat.reference_bytes"][1] < len(long)


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.SEQ2SEQ])
def test_bits_per_byte_equal_the_models_own_loss(
    family: Family, freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = pairs(30, test=7)
    loaded = starter(rows, family, "instruction")
    data = [([PromptMessage(role="user", content=text)], target) for _, text, target in rows[:7]]
    nats = tokens = 0.0
    for example in encode_examples(loaded.tokenizer, loaded.manifest, data):
        learned = sum(label != IGNORED for label in example.label_ids)
        with torch.no_grad():
            loss = loaded.model(
                input_ids=torch.tensor([example.input_ids]), labels=torch.tensor([example.label_ids])
            ).loss
        nats, tokens = nats + float(loss) * learned, tokens + learned
    size = sum(len(target.encode()) for _, _, target in rows[:7])

    result = evaluate(spec(freeze(rows), tmp_path, "instruction", saved(loaded)), heard.reporter)
    assert result.metrics["bits_per_byte"].value == pytest.approx(nats / math.log(2) / size, rel=1e-4)
    assert result.metrics["perplexity"].value == pytest.approx(math.exp(nats / tokens), rel=1e-3)
    assert sum(outputs(tmp_path)["stat.reference_bytes"]) == size


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.SEQ2SEQ])
def test_a_model_that_knows_the_rows_by_heart_gets_them_right(
    family: Family, freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = [("test", "how are you", "图书馆九点开门。"), ("train", "where is it", "在河边,école")]
    rows += [("test", "who is there", "Not today, sir")]
    loaded = starter(rows, family, "instruction")
    fit(loaded, rows, 100)
    result = evaluate(spec(freeze(rows), tmp_path, "instruction", saved(loaded)), heard.reporter)
    assert outputs(tmp_path)["output"] == [target for split, _, target in rows if split == "test"]
    assert outputs(tmp_path)["finish_reason"] == ["stop", "stop"]
    assert result.metrics["exact_match"].value == 1
    assert result.metrics["chrf"].value == pytest.approx(100)
    assert result.metrics["bits_per_byte"].value < 0.5


def test_a_classifier_is_scored_like_sklearn(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = labelled(150, test=50)
    labels = ["animal", "food", "tool", "unseen"]
    loaded = starter(rows, Family.CLASSIFIER, "classification", labels)
    fit(loaded, [row for row in rows if row[0] == "train"], 10)
    made = spec(freeze(rows), tmp_path, "classification", saved(loaded), labels=labels)
    result = evaluate(made, heard.reporter)

    kept = outputs(tmp_path)
    assert result.labels == labels
    assert np.sum(result.confusion) == 50
    assert [sum(line) for line in result.confusion] == [kept["target"].count(label) for label in labels]
    expected = f1_score(kept["target"], kept["output"], average="macro")
    assert result.metrics["macro_f1"].value == pytest.approx(expected)
    assert set(result.metrics) == {"macro_f1", "accuracy", "calibration_error"}
    assert all(1 / 4 <= value <= 1 for value in kept["stat.confidence"])


def test_labels_that_are_never_given_are_named(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = labelled(60, test=40)
    model = saved(starter(rows, Family.CLASSIFIER, "classification", ["animal"]))
    result = evaluate(spec(freeze(rows), tmp_path, "classification", model), heard.reporter)
    (finding,) = (text for text in result.findings if text.startswith("Labels that were never predicted"))
    assert "“food”" in finding
    assert "animal" not in finding


def test_the_trivial_baseline_has_metrics_but_no_perplexity(
    freeze: Freeze, heard: Any, tmp_path: Path
) -> None:
    rows = pairs(80, test=40)
    result = evaluate(spec(freeze(rows), tmp_path, "translation"), heard.reporter)
    assert set(result.metrics) == {"chrf", "chrf_plus_plus", "bleu", "bits_per_byte", "repetition"}
    assert "nearest training row" in result.baseline
    answers_of_train = {target for split, _, target in rows if split == "train"}
    assert set(outputs(tmp_path)["output"]) <= answers_of_train


def test_the_baseline_of_a_classification_is_named(freeze: Freeze, heard: Any, tmp_path: Path) -> None:
    result = evaluate(spec(freeze(labelled(60, test=20)), tmp_path, "classification"), heard.reporter)
    assert result.baseline == "TF-IDF and logistic regression on 40 training rows"
    assert result.baseline_kind == "linear"
    assert result.metrics["accuracy"].value == 1
    assert result.metrics["accuracy"].high == 1 > result.metrics["accuracy"].low > 0.8


def test_a_test_set_is_answered_whole_and_the_baseline_learns_from_other_rows(
    freeze: Freeze, heard: Any, tmp_path: Path
) -> None:
    rows = [("test", text, label) for _, text, label in labelled(25, test=0)]
    made = spec(freeze(rows, "held_out"), tmp_path, "classification")
    made.inputs["train"] = freeze(labelled(60, test=20))
    result = evaluate(made, heard.reporter)
    assert (result.rows, result.rows_available) == (25, 25)
    assert result.baseline == "TF-IDF and logistic regression on 40 training rows"


def test_a_model_answers_a_test_set_without_training_rows(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = [("test", text, target) for _, text, target in pairs(6, test=0)]
    model = saved(starter(rows, Family.CAUSAL, "chat"))
    result = evaluate(spec(freeze(rows), tmp_path, "chat", model), heard.reporter)
    assert (result.rows, result.split) == (6, "test")


def test_one_row_is_enough_and_said_to_be_little(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = pairs(20, test=1)
    model = saved(starter(rows, Family.CAUSAL, "chat"))
    result = evaluate(spec(freeze(rows), tmp_path, "chat", model, max_new_tokens=4), heard.reporter)
    assert result.rows == 1
    assert any(finding.startswith("Only 1 row was scored") for finding in result.findings)
    assert "Outputs truncated at the limit of 4 tokens: 1 of 1." in result.findings


def test_generation_without_a_prompt(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = [("test" if place < 3 else "train", "", f"line {place} of a poem") for place in range(12)]
    model = saved(starter(rows, Family.CAUSAL, "generation"))
    data = freeze(rows)
    result = evaluate(spec(data, tmp_path, "generation", model), heard.reporter)
    assert result.metrics["bits_per_byte"].value > 0
    trivial = evaluate(spec(data, tmp_path, "generation"), heard.reporter)
    assert set(trivial.metrics) == {"bits_per_byte", "chrf", "repetition"}


def test_inputs_longer_than_the_context_are_cut_and_counted(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = [("test", "red " * 3000, "RED"), ("test", "green", "GREEN " * 3000), *pairs(20, test=0)]
    model = saved(starter(rows, Family.CAUSAL, "instruction"))
    result = evaluate(spec(freeze(rows), tmp_path, "instruction", model, max_new_tokens=5), heard.reporter)
    assert "Inputs truncated to the model's context: 1 of 2." in result.findings
    assert not any("References longer" in finding for finding in result.findings)
    scored = outputs(tmp_path)
    assert scored["stat.reference_bytes"] == [3, len(("GREEN " * 3000).encode())]
    assert scored["stat.reference_tokens"][1] > 2048, "all of it, in windows of the context"


def test_max_rows_draws_the_same_rows_for_every_subject(freeze: Freeze, heard: Any, tmp_path: Path) -> None:
    data = freeze(pairs(100, test=60))
    kept = []
    for _ in range(2):
        evaluate(spec(data, tmp_path, "chat", max_rows=10), heard.reporter)
        kept.append(outputs(tmp_path)["row_id"])
    assert kept[0] == kept[1] == sorted(kept[0])
    assert len(kept[0]) == 10
    assert kept[0] != [f"r{place:05d}" for place in range(10)]


@pytest.mark.parametrize("task_type", ["translation", "classification"])
@pytest.mark.parametrize("by_model", [True, False])
def test_rows_read_in_small_parts_give_the_same_figures(
    by_model: bool,
    task_type: TaskName,
    monkeypatch: pytest.MonkeyPatch,
    freeze: Freeze,
    starter: Starter,
    saved: Saved,
    heard: Any,
    tmp_path: Path,
) -> None:
    """Also rows that were drawn, and one answer that needs several windows of the context."""
    classify = task_type == "classification"
    rows = labelled(60, test=40) if classify else [("test", "red", "RED " * 1500), *pairs(60, test=40)]
    labels = sorted({label for _, _, label in rows}) if classify else []
    family = Family.CLASSIFIER if classify else Family.CAUSAL
    model = saved(starter(rows, family, task_type, labels)) if by_model else None
    data, found = freeze(rows), []
    settings: dict[str, Any] = {"labels": labels, "learned_from_train": True}
    if by_model and not classify:
        settings["max_new_tokens"] = 3
    for part_rows in (1000, 7):
        monkeypatch.setattr(evaluation_rows, "PART_ROWS", part_rows)
        for split, most in (("test", None), ("all", 30)):
            made = spec(data, tmp_path, task_type, model, split=split, max_rows=most, **settings)
            result = evaluate(made, heard.reporter)
            kept = outputs(tmp_path)
            assert len(kept.pop("seconds")) == result.rows
            found.append((result.model_dump(exclude={"seconds"}), kept))
    assert found[:2] == found[2:]


def test_running_out_of_memory_halves_the_batches(
    monkeypatch: pytest.MonkeyPatch,
    freeze: Freeze,
    starter: Starter,
    saved: Saved,
    heard: Any,
    tmp_path: Path,
) -> None:
    """A device that holds three rows at a time gives the answers of one that holds all."""
    rows = pairs(40, test=20)
    model, data = saved(starter(rows, Family.CAUSAL, "chat")), freeze(rows)
    evaluate(spec(data, tmp_path, "chat", model), heard.reporter)
    whole = outputs(tmp_path)
    sizes: list[int] = []

    def small_device(loaded: LoadedModel, prompts: list[list[int]], **settings: Any) -> list[Generated]:
        sizes.append(len(prompts))
        if len(prompts) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate_greedy(loaded, prompts, **settings)

    monkeypatch.setattr(answers, "generate_greedy", small_device)
    evaluate(spec(data, tmp_path, "chat", model), heard.reporter)
    assert outputs(tmp_path)["output"] == whole["output"]
    assert outputs(tmp_path)["row_id"] == whole["row_id"]
    assert sizes[0] == 20
    assert sizes[1] == 10
    assert sum(size for size in sizes if size <= 3) == 20


def test_one_row_that_does_not_fit_fails_with_advice(
    monkeypatch: pytest.MonkeyPatch,
    freeze: Freeze,
    starter: Starter,
    saved: Saved,
    heard: Any,
    tmp_path: Path,
) -> None:
    rows = pairs(20, test=4)
    model = saved(starter(rows, Family.CAUSAL, "chat"))

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(answers, "generate_greedy", full)
    with pytest.raises(JobError) as failure:
        evaluate(spec(freeze(rows), tmp_path, "chat", model), heard.reporter)
    assert failure.value.code == "out_of_memory"


def test_a_stop_is_heard_while_generating(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = pairs(20, test=4)
    model = saved(starter(rows, Family.CAUSAL, "chat"))
    heard.reporter.request_stop()
    with pytest.raises(StopRequested):
        evaluate(spec(freeze(rows), tmp_path, "chat", model), heard.reporter)


def test_an_empty_split_is_refused(freeze: Freeze, heard: Any, tmp_path: Path) -> None:
    with pytest.raises(JobError) as failure:
        evaluate(spec(freeze(pairs(5, test=0)), tmp_path, "chat"), heard.reporter)
    assert failure.value.code == "empty_split"


def test_a_model_of_another_kind_is_refused(
    freeze: Freeze, starter: Starter, saved: Saved, heard: Any, tmp_path: Path
) -> None:
    rows = pairs(20, test=4)
    model = saved(starter(rows, Family.CAUSAL, "chat"))
    with pytest.raises(JobError) as failure:
        evaluate(spec(freeze(rows), tmp_path, "classification", model), heard.reporter)
    assert failure.value.code == "wrong_family"


def test_as_a_child_process(freeze: Freeze, tmp_path: Path) -> None:
    made = spec(freeze(pairs(40, test=20)), tmp_path, "translation")
    path = tmp_path / "spec.json"
    path.write_text(made.model_dump_json())
    read, write = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-m", "workers.evaluation.run", str(path)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(write,),
        env={**os.environ, EVENTS_FD_VARIABLE: str(write)},
    )
    os.close(write)
    with os.fdopen(read) as stream:
        events = [json.loads(line) for line in stream]
    # The child ends itself when its standard input closes, so that stays open until it is done.
    child.wait()
    _, stderr = child.communicate()
    assert child.returncode == 0, stderr
    assert events[0]["type"] == "started"
    assert EvaluationResult.model_validate(events[-1]["result"]).rows == 20


def test_rows_that_the_model_learned_from_are_counted(
    freeze: Any, starter: Any, saved: Any, tmp_path: Path, heard: Any
) -> None:
    rows = labelled(30, test=6)
    rows = [(split, f"{text} {place}", label) for place, (split, text, label) in enumerate(rows)]
    labels = sorted({label for _, _, label in rows})
    model = saved(starter(rows, Family.CLASSIFIER, "classification", labels))
    data = freeze(rows)
    settings: dict[str, Any] = {"labels": labels, "learned_from_train": True}
    result = evaluate(spec(data, tmp_path, "classification", model, split="all", **settings), heard.reporter)
    assert (result.rows, result.rows_available, result.split) == (30, 30, "all")
    assert result.findings[0].startswith("Evaluated rows that this model was trained on: 24 of 30.")
    result = evaluate(spec(data, tmp_path, "classification", model, max_rows=4, **settings), heard.reporter)
    assert (result.rows, result.rows_available, result.split) == (4, 6, "test")
    assert not any("this model was trained on" in finding for finding in result.findings)
