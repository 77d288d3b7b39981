"""The tools' own loaders accept the configurations, and refuse what they do not know."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from apps.training.export.tools import TOOLS
from apps.training.export.tools.tool import Tool, yaml_text
from tests.apps.training.export.test_tools import made_plan
from tests.fixtures.real_models import skipped_without_index
from tests.fixtures.training_tools import prepare
from workers.contracts.recipes import Precision

pytestmark = pytest.mark.models
LOADERS = Path(__file__).with_name("loaders.py")
RECIPES = (
    {},
    {"schedule": "linear", "early_stopping_rounds": 0, "keep_best": False},
    *({"tuning": "lora", "lora_variant": variant} for variant in ("lora", "rslora", "dora", "pissa")),
    {"tuning": "lora", "lora_targets": ["q_proj", "v_proj"]},
    {"tuning": "qlora", "lora_variant": "pissa"},
    *({"objective": {"kind": "dpo", "loss": loss}} for loss in ("sigmoid", "ipo", "hinge", "apo_zero")),
    {"objective": {"kind": "orpo"}},
    {"objective": {"kind": "simpo"}, "label_smoothing": 0.1},
    {"objective": {"kind": "dpo"}, "label_smoothing": 0.1},
)


def _read(tool: Tool, folder: Path, paths: list[Path]) -> subprocess.CompletedProcess[str]:
    name = tool.filename.removesuffix(".yaml")
    return subprocess.run(
        [sys.executable, str(LOADERS), name, *map(str, paths)],
        env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_loader_of_a_tool_reads_its_configurations(tool: Tool, tmp_path: Path) -> None:
    with skipped_without_index():
        folder = prepare(tool.filename.removesuffix(".yaml"))
    paths = []
    for number, recipe in enumerate(RECIPES):
        for task, validation_rows in (("chat", 50), ("generation", 0)):
            # LLaMA-Factory asks this machine whether it computes in bf16.
            objective = recipe.get("objective", {}).get("kind", "sft")
            plan = made_plan(task=task, recipe=recipe, validation_rows=validation_rows, objective=objective)
            plan = replace(plan, precision=Precision.FP32)
            if tool.obstacle(plan) or (plan.learns_preferences and plan.task.continues):
                continue
            paths.append(tmp_path / f"{number}-{task}.yaml")
            paths[-1].write_text(yaml_text(tool.translate(plan).config))
    done = _read(tool, folder, paths)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [line for line in done.stdout.splitlines() if line.endswith(".yaml")] == [p.name for p in paths]

    config = tool.translate(replace(made_plan(), precision=Precision.FP32)).config
    unknown = {"no_such_setting": 1}
    inner = (
        {"step_scheduler": {**config["step_scheduler"], **unknown}} if "step_scheduler" in config else unknown
    )
    paths[0].write_text(yaml_text({**config, **inner}))
    done = _read(tool, folder, paths[:1])
    assert done.returncode != 0
    assert "no_such_setting" in done.stderr
