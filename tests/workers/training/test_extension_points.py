"""An objective in one file outside the package is measured and trained like those of the package."""

import json
import os
import subprocess
import sys

import pytest

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightSpec

CHILD = """
import json, sys
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.runtime.reporter import Reporter
from workers.training.preflight import preflight
from workers.training.run import run

plan, work = (json.loads(text) for text in sys.argv[1:])
measured = preflight(PreflightSpec(**plan), Reporter())
result = run(RunSpec(**work), Reporter())
print(json.dumps({"learned": measured.learned_tokens, "steps": result.steps, "first": result.base_loss, "last": result.validation_loss}))
"""


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.SEQ2SEQ])
def test_extension_points_objective(family, make_spec, tmp_path) -> None:
    """For the models and the task that it fits; others keep theirs."""
    spec = make_spec(family, max_steps=20)
    (tmp_path / "plan").mkdir()
    plan = PreflightSpec(
        inputs=spec.inputs,
        work=str(tmp_path / "plan"),
        task_type=spec.task_type,
        base=spec.base,
        recipe=spec.recipe,
    )
    done = subprocess.run(
        [sys.executable, "-c", CHILD, plan.model_dump_json(), spec.model_dump_json()],
        env={**os.environ, "EXTENSIONS": "objectives:tests.extension_points.first_token"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])

    assert said["steps"] == 20
    assert said["last"] < 0.8 * said["first"], "it learned"
    if family is Family.CAUSAL:
        assert said["learned"] == 60, "a prediction for each of the training rows"
    else:
        assert said["learned"] > 60
