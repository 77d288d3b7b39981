"""KTO: what it learns from answers that are rated one by one, and that grouping and interruptions change nothing."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from workers.contracts.families import Family
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.model_folder import PromptMessage
from workers.contracts.objectives.kto import KtoOptions
from workers.contracts.recipes import Recipe, Tuning
from workers.contracts.verdicts import VerdictCode
from workers.evaluation.rows import DataRows
from workers.models.loading import load_folder
from workers.models.prompts import IGNORED
from workers.training.data import Row, Rows
from workers.training.objectives import create_objective
from workers.training.objectives.kto import KahnemanTverskyOptimization, RatedAnswer
from workers.training.run import run

from .conftest import COLOURS
from .test_preferences import ENDINGS, base, figures, write_answers  # noqa: F401


def write_rated(folder: Path, count: int = 100) -> Path:
    """Answers with either ending, of which one is rated good."""
    write_answers(folder, count)
    table = pq.read_table(folder / "data.parquet")
    good = [target.endswith(ENDINGS[0]) for target in table["target"].to_pylist()]
    pq.write_table(table.append_column("feedback", pa.array(good)), folder / "data.parquet")
    return folder


@pytest.fixture
def rated_spec(make_spec: Callable[..., RunSpec], base: Path, tmp_path: Path) -> Callable[..., RunSpec]:  # noqa: F811
    data = write_rated(tmp_path / "rated")

    def build(*, inputs: dict[str, str] | None = None, **recipe: Any) -> RunSpec:
        given = {"data": str(data), "base": str(base), **(inputs or {})}
        settings = {"learning_rate": 3e-4, "objective": "kto", **recipe}
        return make_spec(Family.CAUSAL, inputs=given, **settings)

    return build


def test_bad_answers_are_read_by_objectives_on_ratings_alone(tmp_path: Path) -> None:
    folder = write_rated(tmp_path)
    good = [row for row in Rows(folder, "train")]
    every = Rows(folder, "train").learned_by({"feedback"})
    assert all(row.is_good and row.target.endswith(ENDINGS[0]) for row in good)
    assert len(Rows(folder, "train")) == len(good) < len(every) == len(list(every))
    assert {row.target.split()[-1] for row in every if not row.is_good} == {ENDINGS[1]}
    evaluated = DataRows(folder / "data.parquet", "test")
    assert {row.target.split()[-1] for row in evaluated} == {ENDINGS[0]}
    assert len(evaluated) == len(list(evaluated))


def test_the_loss_is_that_of_the_paper(base: Path) -> None:  # noqa: F811
    loaded = load_folder(base)
    options = KtoOptions(beta=0.2, good_weight=1.5, bad_weight=0.5)
    objective = create_objective(loaded, Recipe(objective=options))
    ids, labels = [3, 5, 6, 7], [-100, -100, 6, 7]
    rows = [
        RatedAnswer(ids, labels, False, ids, labels, *before, is_good)
        for before, is_good in (((0.0, 0.0), True), ((-3.0, -5.0), True), ((-3.0, -5.0), False))
    ]
    said = float(objective.log_probabilities([rows[0].sequences[0]])[0])  # type: ignore[attr-defined]
    drift = max(0.0, ((said - 0.0) + 2 * (said + 5.0)) / 3)
    objective.use_sums(objective.shared_sums(rows))

    def share(value: float) -> float:
        return 1 / (1 + math.exp(-value))

    expected = [
        1.5 * (1 - share(0.2 * (said - drift))),
        1.5 * (1 - share(0.2 * (said + 3 - drift))),
        0.5 * (1 - share(0.2 * (drift - said - 3))),
    ]
    assert float(objective.loss_sum(rows)) == pytest.approx(sum(expected), rel=1e-4)


def test_the_drift_is_measured_with_answers_to_other_prompts(base: Path) -> None:  # noqa: F811
    rows = [
        Row(f"{n}", [PromptMessage(role="user", content=f"the {colour} cat")], f"{COLOURS[colour]} {ENDINGS[n % 2]}")
        for n, colour in enumerate(["red", "red", "green", "blue", "blue", "blue"])
    ]  # fmt: skip
    loaded = load_folder(base)
    found = KahnemanTverskyOptimization.encode(rows, loaded, max_length=None, max_target_length=None)
    others = [
        loaded.tokenizer.decode(
            [id_ for id_ in example.rejected_label_ids if id_ != IGNORED], skip_special_tokens=True
        )
        for example in found
        if isinstance(example, RatedAnswer)
    ]
    assert [other.split()[0] for other in others] == ["vert", "vert", "bleu", "rouge", "rouge", "rouge"]
    assert {other.split()[1] for other in others[3:]} == set(ENDINGS)


@pytest.mark.training
def test_a_model_learns_good_answers_and_avoids_bad_ones(rated_spec, recording):
    spec, reporter = rated_spec(max_steps=40, keep_best=False), recording()
    result = run(spec, reporter)
    good, bad = (figures(reporter, f"{side}_reward") for side in ("good", "bad"))
    assert good[-1] > bad[-1]
    margins = figures(reporter, "reward_margin")
    assert margins[-1] == pytest.approx(good[-1] - bad[-1])
    assert margins[-1] > margins[0] > 0
    assert result.verdict is not None
    assert result.verdict.code is VerdictCode.LEARNED
    records = json.loads((Path(spec.work) / "out" / "parity.json").read_text())
    endings = [record["output"].split()[-1] for record in records if record["output"].split()]
    assert sum(ending == ENDINGS[0] for ending in endings) >= 0.8 * len(records)


@pytest.mark.training
@pytest.mark.parametrize("tuning", list(Tuning))
def test_a_resumed_run_on_ratings_ends_with_the_same_bits(tuning, rated_spec, recording, tmp_path):
    def spec(name: str, **inputs: str) -> RunSpec:
        made = rated_spec(tuning=tuning, dropout=0.1, inputs=inputs)
        made.work = str(tmp_path / name)
        return made

    run(spec("whole"), recording())

    class CutOff(recording):
        def emit(self, event):
            super().emit(event)
            if event.type == "checkpoint" and event.step == 8:
                shutil.copytree(event.path, tmp_path / "kept")
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(spec("cut"), CutOff())
    torch.manual_seed(999)
    run(spec("rest", checkpoint=str(tmp_path / "kept")), recording())
    ends = [load_file(tmp_path / work / "out" / "model.safetensors") for work in ("whole", "rest")]
    assert all(torch.equal(ends[0][weight], ends[1][weight]) for weight in ends[0])


@pytest.mark.training
def test_the_size_of_a_micro_batch_does_not_change_what_ratings_teach(rated_spec, recording, tmp_path):
    losses = []
    for tokens in (64, 4096):
        spec = rated_spec(tokens_per_microbatch=tokens, max_steps=4)
        spec.work = str(tmp_path / str(tokens))
        reporter = recording()
        run(spec, reporter)
        losses.append(figures(reporter, "validation_loss"))
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.training
def test_supervised_training_reads_good_answers_alone(rated_spec, recording):
    spec, reporter = rated_spec(objective="sft", max_steps=30, learning_rate=3e-3), recording()
    run(spec, reporter)
    records = json.loads((Path(spec.work) / "out" / "parity.json").read_text())
    endings = [record["output"].split()[-1] for record in records if record["output"].split()]
    assert ENDINGS[1] not in endings
