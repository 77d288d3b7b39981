"""What pre-flight says a run will hold is within a tenth of what the run then holds: as processes of their own, as workers
start them, since what is measured is all of a process."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightResult, PreflightSpec
from workers.contracts.job_kinds.run import RunResult, RunSpec
from workers.contracts.recipes import FolderBase, Precision, Recipe, StarterBase, StarterSize, Tuning
from workers.contracts.specs import JobSpec
from workers.evaluation.rows import read_split
from workers.models.folder import write_folder
from workers.models.starters import create_starter
from workers.shared import kernels

from .conftest import LABELS, TASKS, add_rejected, write_rows

WORDS = [
    "time",
    "year",
    "people",
    "way",
    "day",
    "man",
    "thing",
    "woman",
    "life",
    "child",
    "world",
    "school",
    "state",
    "family",
    "student",
    "group",
    "country",
]
SPLITS = ("train", "train", "train", "train", "train", "train", "train", "validation", "validation", "test")
_OFF = 0.1


def _rows(folder: Path, family: Family, count: int, longest: int) -> Path:
    """Rows of many lengths: questions and answers of up to `longest` words, one in twenty of twice as many."""
    chosen = random.Random(1)

    def words(most: int) -> str:
        return " ".join(chosen.choice(WORDS) for _ in range(chosen.randint(3, most)))

    rows = []
    for number in range(count):
        answer = words(longest * (1 + (chosen.random() < 0.05)))
        label = chosen.choice(LABELS)
        split = SPLITS[number % len(SPLITS)]
        if family is Family.CLASSIFIER:
            rows.append((split, [("user", f"{label} {answer}")], label))
        else:
            rows.append((split, [("user", words(max(6, longest // 4)))], answer))
    return write_rows(folder, rows)


def _child(module: str, spec: JobSpec, *, threads: int = 1) -> tuple[dict[str, Any], list[str]]:
    """What a child reports as its result, and the checkpoints that it wrote."""
    work = Path(spec.work)
    work.mkdir(parents=True)
    (work / "spec.json").write_text(spec.model_dump_json())
    said = subprocess.run(
        [sys.executable, "-m", f"workers.training.{module}", str(work / "spec.json")],
        env={**os.environ, **kernels.KEPT, "OMP_NUM_THREADS": str(threads), "TMPDIR": str(work)},
        capture_output=True,
        text=True,
    )
    events = [json.loads(line) for line in said.stdout.splitlines()]
    finished = [event["result"] for event in events if event["type"] == "finished"]
    assert finished, (events[-1:], said.stderr)
    return finished[0], [event["path"] for event in events if event["type"] == "checkpoint"]


def _promised_and_held(
    tmp_path: Path, base: StarterBase | FolderBase, recipe: Recipe, *, rows: int, longest: int, parts: int
) -> tuple[int, list[int]]:
    """Bytes that pre-flight promises for a whole run, and that each of its parts holds: all but the first begin with the
    checkpoint of the one before."""
    family = base.family
    data = str(_rows(tmp_path / "data", family, rows, longest))
    if recipe.objective is not None and recipe.objective.kind == "dpo":
        add_rejected(Path(data), lambda target: f"never {target}")
    common: dict[str, Any] = {
        "task_type": TASKS[family],
        "base": base,
        "labels": LABELS if family is Family.CLASSIFIER else [],
        "model_roots": [str(Path(base.path).parent)] if isinstance(base, FolderBase) else [],
    }
    asked = PreflightSpec(inputs={"data": data}, work=str(tmp_path / "preflight"), recipe=recipe, **common)
    promised = PreflightResult.model_validate(_child("preflight", asked)[0])
    inputs = {"data": data, "base": str(tmp_path / "preflight" / "out")}
    held = []
    for part in range(1, parts + 1):
        update = {"max_steps": round(promised.steps * part / parts), "validation_rounds": 2}
        filled = promised.recipe.model_copy(update=update)
        spec = RunSpec(inputs=inputs, work=str(tmp_path / f"run-{part}"), recipe=filled, **common)
        result, checkpoints = _child("run", spec)
        held.append(RunResult.model_validate(result).peak_memory_bytes)
        inputs = {**inputs, "checkpoint": checkpoints[-1]}
    off = promised.memory_bytes / max(held) - 1
    print(f"promised {promised.memory_bytes / 1e9:.3f} GB, held {[each / 1e9 for each in held]}, {off:+.1%}")
    return promised.memory_bytes, held


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.CLASSIFIER])
def test_the_memory_of_a_starter_is_promised_within_a_tenth(family: Family, tmp_path: Path) -> None:
    base = StarterBase(family=family, size=StarterSize.SMALL)
    recipe = Recipe(precision=Precision.FP32, sample_rows=1, batch_rows=16, epochs=2)
    promised, held = _promised_and_held(tmp_path, base, recipe, rows=90, longest=60, parts=1)
    assert promised == pytest.approx(max(held), rel=_OFF)


def test_the_memory_of_a_run_on_pairs_is_promised_within_a_tenth(tmp_path: Path) -> None:
    """What the reference says of the rows is part of them, so that no second model is held."""
    data = _rows(tmp_path / "texts", Family.CAUSAL, 90, 60)
    made = create_starter(
        read_split(data, "train").targets,
        family=Family.CAUSAL,
        size=StarterSize.SMALL,
        task_type="chat",
        seed=1,
        device=torch.device("cpu"),
    )
    write_folder(made, tmp_path / "base" / "out")
    base = FolderBase(path=str(tmp_path / "base" / "out"), family=Family.CAUSAL)
    recipe = Recipe(objective="dpo", precision=Precision.FP32, sample_rows=1, batch_rows=16, epochs=2)
    promised, held = _promised_and_held(tmp_path, base, recipe, rows=90, longest=60, parts=1)
    assert promised == pytest.approx(max(held), rel=_OFF)


@pytest.mark.models
@pytest.mark.parametrize("tuning", list(Tuning))
def test_the_memory_of_a_pretrained_chat_model_is_promised_within_a_tenth(
    tuning: Tuning, smollm2: Path, tmp_path: Path
) -> None:
    base = FolderBase(path=str(smollm2), family=Family.CAUSAL)
    recipe = Recipe(
        precision=Precision.FP32, tuning=tuning, sample_rows=1, validation_rows=4, batch_rows=7, epochs=2
    )
    promised, held = _promised_and_held(tmp_path, base, recipe, rows=30, longest=40, parts=2)
    assert promised == pytest.approx(max(held), rel=_OFF)


@pytest.mark.models
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_the_memory_of_a_pretrained_encoder_is_promised_within_a_tenth(
    precision: Precision, minilm: Path, tmp_path: Path
) -> None:
    base = FolderBase(path=str(minilm), family=Family.CLASSIFIER)
    recipe = Recipe(precision=precision, sample_rows=1, validation_rows=8, batch_rows=16, epochs=2)
    promised, held = _promised_and_held(tmp_path, base, recipe, rows=60, longest=30, parts=2)
    assert promised == pytest.approx(max(held), rel=_OFF)
