"""What the tools have in common: the interface of a tool, settings that no tool has, and YAML."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.training.export.plan import Plan
from workers.contracts.families import Family
from workers.contracts.recipes import Batching, Precision, Recipe, Tuning


@dataclass
class Translation:
    """The configuration of a tool, with the keys that express each setting of the recipe, and how the tool differs.

    `keys` and `differs` are by the name of the setting. The README lists a setting that is in neither as not translated.
    """

    config: dict[str, Any]
    keys: dict[str, str]
    differs: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Other files that the tool reads, by their path in the folder."""


class Tool(ABC):
    """A training tool that can train a run of the studio."""

    name: str
    version: str
    """The release whose configuration is written."""
    filename: str
    commands: tuple[str, ...]
    """Commands that install the tool and train, run in the exported folder."""
    families: frozenset[Family] = frozenset({Family.CAUSAL})
    objectives: frozenset[str] = frozenset({"sft"})
    """Names of the studio's objectives that the tool can train."""

    def obstacle(self, plan: Plan) -> str:
        """Return the reason why the tool cannot train this run; empty if it can."""
        if plan.family not in self.families:
            return f"{self.name} does not train models of the family `{plan.family.value}` on custom rows."
        if plan.objective not in self.objectives:
            return f"Maquette writes no recipe of {self.name} for the objective `{plan.objective}`."
        return ""

    @abstractmethod
    def translate(self, plan: Plan) -> Translation:
        """Return the run as this tool's configuration. Call it only if there is no obstacle."""


BETAS = (0.9, 0.98)
"""Of the studio's AdamW (workers.training.optimizer)."""
LEAST_RATE_SHARE = 1e-3
"""Of the peak: where the studio's schedules end."""


def is_bf16(plan: Plan) -> bool:
    """Whether the run computes in bf16. A run that has not started counts as one on a GPU with bf16."""
    return plan.precision is not Precision.FP32


def is_lora(plan: Plan) -> bool:
    """Whether the run trains adapters, quantized below them or not."""
    return bool(plan.recipe.adapters)


def is_qlora(plan: Plan) -> bool:
    return plan.recipe.tuning is Tuning.QLORA


def usual_differences(recipe: Recipe) -> dict[str, str]:
    """Return how every other tool differs from this recipe, by the name of the setting."""
    found = {
        "tokens_per_microbatch": "There, a micro-batch has a fixed number of rows. The number of rows per optimizer step is the same.",
        "validation_rows": "All validation rows are used.",
    }
    if recipe.batching is not Batching.PADDING:
        found["batching"] = "There, rows are padded. Batching changes the speed and not the result."
    if recipe.max_minutes:
        found["max_minutes"] = "There is no time limit. Training ends after the planned steps."
    if recipe.dropout is not None:
        found["dropout"] = "Set the dropout in `base/config.json`."
    return found


def yaml_text(values: Mapping[str, Any], indent: str = "") -> str:
    """Return nested settings as YAML, in the given order."""
    lines = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines.append(f"{indent}{name}:\n{yaml_text(value, indent + '  ')}")
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            items = [yaml_text(item, indent + "    ") for item in value]
            lines.append(f"{indent}{name}:\n" + "".join(f"{indent}  - {item.lstrip()}" for item in items))
        else:
            lines.append(f"{indent}{name}: {_scalar(value)}\n")
    return "".join(lines)


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    text = json.dumps(value, ensure_ascii=False)
    # YAML 1.1 reads 1e-05 as a text, because it has no point.
    if isinstance(value, float) and "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return text
