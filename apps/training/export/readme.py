"""The README of an exported run: the commands, and for each tool how its configuration expresses every setting."""

import json
from collections.abc import Mapping
from typing import Any

from apps.training.export.plan import BASE, DATA, ROWS, SPEC_NAME, Plan
from apps.training.export.tools.tool import Tool, Translation, is_lora
from workers.contracts.recipes import Recipe


def readme(plan: Plan, translations: Mapping[Tool, Translation], obstacles: Mapping[Tool, str]) -> str:
    """Return the README. Every tool is in one of the two mappings."""
    parts = [_head(plan), _studio(plan)]
    parts += [_tool(plan, tool, translation) for tool, translation in translations.items()]
    parts += [f"## {tool.name}\n\nNo recipe. {why}\n" for tool, why in obstacles.items()]
    return "\n".join(parts)


def _head(plan: Plan) -> str:
    name = " ".join(plan.name.split())
    files = [
        (SPEC_NAME, "the run, with paths relative to this folder"),
        (f"{DATA}/", "all rows of the data version, as the studio reads them"),
        (f"{BASE}/", "the model that the training starts from"),
    ]
    if plan.family.value == "causal":
        files.append(
            (f"{ROWS}/", "training and validation rows, one JSON object a line, as other tools read them")
        )
    table = "".join(f"| `{file}` | {about} |\n" for file, about in files)
    return f"# {name}\n\nA training run of Maquette. Run all commands in this folder.\n\n| file | content |\n| --- | --- |\n{table}"


def _studio(plan: Plan) -> str:
    text = (
        "## Train without the studio\n\n"
        "Set up a checkout of Maquette with `make setup`, and put its folder into `MAQUETTE`:\n\n"
        "```sh\n"
        "export MAQUETTE=/path/to/maquette\n"
        f'PYTHONPATH="$MAQUETTE" "$MAQUETTE/.venv/bin/python" -m workers.training.run {SPEC_NAME}\n'
        "```\n\n"
        "The trained model is in `work/out`. Events, such as losses, are printed as JSON lines.\n"
        "On the same kind of machine, the losses match those of the run, except for rounding.\n"
    )
    if plan.continues:
        earlier = " ".join(plan.continues.split())
        text += (
            f"\nThis run continued “{earlier}”. The export does not contain the checkpoint of that run: training starts from "
            "the base model and takes all steps.\n"
        )
    if plan.recipe.max_minutes:
        text += f"\nThe time limit of {plan.recipe.max_minutes:g} minutes applies. A faster machine takes more steps within it.\n"
    return text


def _tool(plan: Plan, tool: Tool, translation: Translation) -> str:
    commands = "\n".join(tool.commands)
    rows = "".join(_row(plan, translation, name) for name in _used(plan))
    return (
        f"## {tool.name}\n\n"
        f"`{tool.filename}` is a configuration for {tool.name} {tool.version}.\n\n"
        f"```sh\n{commands}\n```\n\n"
        "| setting of the run | value | in the configuration | difference |\n"
        "| --- | --- | --- | --- |\n"
        f"{rows}\n"
        "Only Maquette neutralizes texts that spell out control tokens of the model. The order of the rows differs.\n"
    )


def _used(plan: Plan) -> list[str]:
    """Names of the settings that this run uses."""
    return [
        name
        for name in Recipe.model_fields
        if name != "recipe_version" and (is_lora(plan) or not name.startswith("lora_"))
    ]


def _row(plan: Plan, translation: Translation, name: str) -> str:
    keys, differs = translation.keys.get(name, ""), translation.differs.get(name, "")
    written = _is_written(translation.config, keys)
    place = f"`{keys}`" if written else "not translated"
    if not written and not differs:
        differs = "No counterpart." if keys == "" else "Not set by this run."
    return f"| `{name}` | {_value(plan, name)} | {place} | {differs} |\n"


def _is_written(config: Mapping[str, Any], keys: str) -> bool:
    """Whether the configuration has at least one of these keys."""
    return any(key.partition(".")[0] in config for key in keys.split(", ")) if keys else False


def _value(plan: Plan, name: str) -> str:
    value = plan.recipe.model_dump(mode="json", exclude_none=True).get(name)
    if name == "objective":
        options = {key: given for key, given in (value or {}).items() if key != "kind"}
        return f"`{plan.objective}`" + (f" `{json.dumps(options)}`" if options else "")
    return "not set" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"
