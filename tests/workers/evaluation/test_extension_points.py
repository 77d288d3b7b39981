"""A metric in one file outside the package is computed, with its interval, for the tasks that it names."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from workers.contracts.job_kinds.evaluation import EvaluationSpec

CHILD = """
import sys
from workers.contracts.metrics import METRICS
from workers.contracts.job_kinds.evaluation import EvaluationSpec
from workers.evaluation.run import evaluate
from workers.runtime.reporter import Reporter

result = evaluate(EvaluationSpec.model_validate_json(sys.argv[1]), Reporter())
print(METRICS["same_length"].label)
print(result.model_dump_json())
"""


@pytest.mark.parametrize("task", ["translation", "summarization"])
def test_extension_points_metric(task: str, freeze: Callable[..., str], tmp_path: Path) -> None:
    rows = [("train", f"text {number}", "one two") for number in range(20)]
    rows += [("test", f"text {number}", "three four" if number % 4 else "five") for number in range(20)]
    spec = EvaluationSpec(
        inputs={"data": freeze(rows)},
        work=str(tmp_path / "work"),
        task_type=task,
        subject="trivial",
        bootstrap_rounds=200,
    )
    done = subprocess.run(
        [sys.executable, "-c", CHILD, spec.model_dump_json()],
        env={**os.environ, "EXTENSIONS": "metrics:tests.extension_points.same_length"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    label, result = done.stdout.splitlines()[-2:]
    metrics = json.loads(result)["metrics"]

    assert label == "Same length"
    if task != "translation":
        assert "same_length" not in metrics
        return
    found = metrics["same_length"]
    assert next(iter(metrics)) == "chrf", "the task's own metric still decides"
    assert found["value"] == 0.75
    assert found["low"] < 0.75 < found["high"]
    stored = pq.read_table(tmp_path / "work" / "out" / "outputs.parquet")["stat.same_length"].to_pylist()
    assert sum(stored) == 15
