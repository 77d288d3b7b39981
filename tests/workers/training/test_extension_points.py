"""An objective in one file outside the package is measured and trained like those of the package."""

import json
import os
import subprocess
import sys
from pathlib import Path

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightSpec

CHILD = """
import json, sys
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.runtime.reporter import Reporter
from workers.training.preflight import preflight
from workers.training.run import run

for text in sys.argv[1:]:
    plan, work = json.loads(text)
    measured = preflight(PreflightSpec(**plan), Reporter())
    result = run(RunSpec(**work), Reporter())
    print(json.dumps({"learned": measured.learned_tokens, "steps": result.steps, "first": result.base_loss, "last": result.validation_loss}))
"""


def test_extension_points_objective(make_spec, tmp_path) -> None:
    """For the models and the task that it fits; others keep theirs."""
    of_token, of_others = (_specs(make_spec, family, tmp_path) for family in (Family.CAUSAL, Family.SEQ2SEQ))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, of_token, of_others],
        env={**os.environ, "EXTENSIONS": "objectives:tests.extension_points.first_token"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"learned"')]

    assert [one["steps"] for one in said] == [20, 20]
    assert all(one["last"] < 0.8 * one["first"] for one in said), "they learned"
    assert said[0]["learned"] == 60, "a prediction for each of the training rows"
    assert said[1]["learned"] > 60


def _specs(make_spec, family: Family, tmp_path: Path) -> str:
    """What the child is told: the specs of a pre-flight and of a run."""
    spec = make_spec(family, name=f"run-{family}", max_steps=20)
    work = tmp_path / f"plan-{family}"
    work.mkdir()
    plan = PreflightSpec(
        inputs=spec.inputs, work=str(work), task_type=spec.task_type, base=spec.base, recipe=spec.recipe
    )
    return json.dumps([plan.model_dump(mode="json"), spec.model_dump(mode="json")])
