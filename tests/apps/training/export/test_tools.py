"""Recipes of other tools say what the run says, and the README names the rest."""

import json

import pytest
import yaml

from apps.training.export.plan import Plan
from apps.training.export.readme import readme
from apps.training.export.tools import TOOLS
from apps.training.export.tools.tool import yaml_text
from workers.contracts.families import Family
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.recipes import Precision, Recipe, VersionBase

LLAMA_FACTORY, AXOLOTL, AUTOMODEL = TOOLS
FILLED = {
    "epochs": 2.5,
    "learning_rate": 2e-5,
    "batch_rows": 24,
    "max_length": 512,
    "tokens_per_microbatch": 2048,
}


def made_plan(
    family: Family = Family.CAUSAL, task: str = "chat", *, objective: str = "sft", **fields
) -> Plan:
    recipe = Recipe.model_validate({**FILLED, **fields.pop("recipe", {})})
    spec = RunSpec(inputs={"data": "data"}, task_type=task, base=VersionBase(family=family), recipe=recipe)
    known = {"steps": 60, "train_rows": 500, "validation_rows": 50, "precision": Precision.BF16}
    return Plan("Tickets", spec, objective, **{**known, **fields})


def read(tool, plan: Plan):
    """The configuration of a tool, read back from its YAML."""
    return yaml.safe_load(yaml_text(tool.translate(plan).config))


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@pytest.mark.parametrize("task", ["chat", "generation"])
@pytest.mark.parametrize("tuning", ["full", "lora", "qlora"])
@pytest.mark.parametrize("validation_rows", [0, 50])
def test_yaml_holds_what_was_translated(tool, task, tuning, validation_rows) -> None:
    plan = made_plan(task=task, recipe={"tuning": tuning}, validation_rows=validation_rows)
    assert read(tool, plan) == tool.translate(plan).config


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_readme_names_every_setting_of_the_recipe(tool) -> None:
    """This includes settings added later: the README lists a setting that a tool does not know as not translated."""
    plan = made_plan(recipe={"tuning": "lora", "dropout": 0.2, "label_smoothing": 0.1, "max_minutes": 5})
    text = readme(plan, {tool: tool.translate(plan)}, {})
    for name in Recipe.model_fields:
        if name != "recipe_version":
            [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
            _, _, _value, place, differs, _ = row.split("|")
            assert place.strip() != "not translated" or differs.strip(), row
    [dropout] = [line for line in text.splitlines() if line.startswith("| `dropout` |")]
    assert "not translated" in dropout
    assert "0.2" in dropout


def test_keys_of_the_readme_are_in_the_configuration() -> None:
    """Each key that a README names is written by some run."""
    for tool in TOOLS:
        lora = tool.translate(made_plan(recipe={"tuning": "qlora"})).config
        named = tool.translate(made_plan(recipe={"tuning": "lora", "lora_targets": ["q_proj"]})).config
        full = tool.translate(made_plan()).config
        for keys in tool.translate(made_plan(recipe={"tuning": "qlora"})).keys.values():
            for key in keys.split(", "):
                assert any(_has(config, key.split(".")) for config in (lora, named, full)), (tool.name, key)


def _has(config, path: list[str]) -> bool:
    inner = config.get(path[0])
    if len(path) == 1 or inner is None:
        return path[0] in config
    return _has(inner[0] if isinstance(inner, list) else inner, path[1:])


def test_the_batch_is_the_same_number_of_rows() -> None:
    plan = made_plan()
    assert (plan.batch_rows, plan.microbatch_rows) == (24, 4)
    for tool, rows, times in (
        (LLAMA_FACTORY, "per_device_train_batch_size", "gradient_accumulation_steps"),
        (AXOLOTL, "micro_batch_size", "gradient_accumulation_steps"),
    ):
        config = read(tool, plan)
        assert (config[rows], config[times]) == (4, 6)
    schedule = read(AUTOMODEL, plan)["step_scheduler"]
    assert (schedule["global_batch_size"], schedule["local_batch_size"], schedule["num_epochs"]) == (24, 4, 3)
    assert made_plan(recipe={"batch_rows": 7}).microbatch_rows == 1, "a divisor of the batch size"
    assert made_plan(recipe={"max_length": 4096}).microbatch_rows == 1, "one row is longer than the budget"


def test_values_of_the_recipe_arrive() -> None:
    plan = made_plan(recipe={"tuning": "lora", "seed": 5, "schedule": "linear", "lora_targets": ["q_proj"]})
    factory, axolotl, automodel = (read(tool, plan) for tool in TOOLS)
    assert factory["learning_rate"] == axolotl["learning_rate"] == automodel["optimizer"]["lr"] == 2e-5
    assert (
        factory["warmup_steps"]
        == axolotl["warmup_steps"]
        == automodel["lr_scheduler"]["lr_warmup_steps"]
        == 3
    )
    assert factory["max_steps"] == axolotl["max_steps"] == automodel["step_scheduler"]["max_steps"] == 60
    assert factory["seed"] == axolotl["seed"] == automodel["seed"] == 5
    assert factory["cutoff_len"] == axolotl["sequence_len"] == automodel["dataset"]["seq_length"] == 512
    assert factory["lora_rank"] == axolotl["lora_r"] == automodel["peft"]["dim"] == 16
    assert (factory["lora_target"], axolotl["lora_target_modules"]) == ("q_proj", ["q_proj"])
    schedules = (
        factory["lr_scheduler_type"],
        axolotl["lr_scheduler"],
        automodel["lr_scheduler"]["lr_decay_style"],
    )
    assert set(schedules) == {"linear"}


@pytest.mark.parametrize(
    ("family", "task", "objective"),
    [(Family.CLASSIFIER, "classification", "classification"), (Family.SEQ2SEQ, "translation", "seq2seq")],
)
def test_a_tool_without_a_counterpart_is_named_with_the_reason(family, task, objective) -> None:
    plan = made_plan(family, task, objective=objective)
    obstacles = {tool: tool.obstacle(plan) for tool in TOOLS}
    assert all(obstacles.values())
    text = readme(plan, {}, obstacles)
    for tool in TOOLS:
        assert f"## {tool.name}\n\nNo recipe. {tool.name} does not train" in text


def made_preferences(**options) -> Plan:
    return made_plan(objective=options["kind"], recipe={"objective": options, "label_smoothing": 0.1})


def test_objectives_on_preferences_are_translated() -> None:
    dpo, simpo = (
        made_preferences(kind="dpo", loss="ipo", beta=0.3),
        made_preferences(kind="simpo", margin=0.5),
    )
    factory, axolotl = read(LLAMA_FACTORY, dpo), read(AXOLOTL, dpo)
    assert (factory["stage"], factory["pref_loss"], factory["pref_beta"]) == ("dpo", "ipo", 0.3)
    assert (factory["label_smoothing_factor"], "dpo_label_smoothing" in factory) == (0.0, False)
    assert "no label smoothing" in LLAMA_FACTORY.translate(dpo).differs["label_smoothing"]
    assert read(LLAMA_FACTORY, made_preferences(kind="dpo"))["dpo_label_smoothing"] == 0.1
    assert (axolotl["rl"], axolotl["dpo_loss_type"], axolotl["rl_beta"]) == ("dpo", ["ipo"], 0.3)
    assert axolotl["datasets"][0]["field_rejected"] == "rejected"
    assert (read(LLAMA_FACTORY, simpo)["pref_loss"], read(AXOLOTL, simpo)["rl"]) == ("simpo", "simpo")
    assert read(LLAMA_FACTORY, simpo)["simpo_gamma"] == read(AXOLOTL, simpo)["simpo_gamma"] == 0.5
    assert "label smoothing" in AXOLOTL.translate(simpo).differs["label_smoothing"]
    orpo = made_preferences(kind="orpo", ratio_weight=0.2)
    assert (read(LLAMA_FACTORY, orpo)["pref_loss"], read(LLAMA_FACTORY, orpo)["pref_beta"]) == ("orpo", 0.2)
    about = json.loads(LLAMA_FACTORY.translate(dpo).files["rows/dataset_info.json"])["train"]
    assert about["ranking"] is True
    assert about["columns"] == {"messages": "messages", "chosen": "chosen", "rejected": "rejected"}


def test_an_objective_on_preferences_without_a_counterpart_is_named() -> None:
    assert "`apo_zero`" in LLAMA_FACTORY.obstacle(made_preferences(kind="dpo", loss="apo_zero"))
    assert not AXOLOTL.obstacle(made_preferences(kind="dpo", loss="apo_zero"))
    assert "`orpo`" in AXOLOTL.obstacle(made_preferences(kind="orpo"))
    assert "`simpo`" in AUTOMODEL.obstacle(made_preferences(kind="simpo"))


def test_an_unknown_objective_has_no_recipe() -> None:
    assert "`ranking`" in LLAMA_FACTORY.obstacle(made_plan(objective="ranking"))
    assert not LLAMA_FACTORY.obstacle(made_plan())


def test_answers_that_are_not_learned_are_masked_or_told() -> None:
    plan = made_plan(masks_answers=True)
    assert read(LLAMA_FACTORY, plan)["mask_history"] is True
    assert read(AUTOMODEL, plan)["dataset"]["mask_history"] is True
    assert read(AXOLOTL, plan)["datasets"][0]["message_field_training"] == "train"
    assert "mask_history" in AUTOMODEL.translate(plan).differs["objective"]


def test_variants_of_lora_are_translated() -> None:
    def lora(tool, variant: str):
        return read(tool, made_plan(recipe={"tuning": "lora", "lora_variant": variant}))

    flags = {"rslora": (True, False, False), "dora": (False, True, False), "pissa": (False, False, True)}
    for variant, expected in flags.items():
        factory, axolotl = lora(LLAMA_FACTORY, variant), lora(AXOLOTL, variant)
        assert (factory["use_rslora"], factory["use_dora"], factory["pissa_init"]) == expected
        begun_by = axolotl["peft_init_lora_weights"] == "pissa_niter_16"
        assert (axolotl["peft_use_rslora"], axolotl["peft_use_dora"], begun_by) == expected
        assert lora(AUTOMODEL, variant)["peft"]["use_dora"] is expected[1]
    assert [lora(AUTOMODEL, variant)["peft"]["alpha"] for variant in ("lora", "rslora")] == [32, 128]
    plan = made_plan(recipe={"tuning": "lora", "lora_variant": "pissa"})
    assert "no PiSSA" in readme(plan, {AUTOMODEL: AUTOMODEL.translate(plan)}, {})


def test_qlora_is_translated() -> None:
    plan = made_plan(recipe={"tuning": "qlora", "lora_variant": "pissa"})
    factory, axolotl, automodel = (read(tool, plan) for tool in TOOLS)
    assert (factory["finetuning_type"], factory["quantization_bit"]) == ("lora", 4)
    assert (axolotl["adapter"], axolotl["load_in_4bit"]) == ("qlora", True)
    assert automodel["quantization"]["load_in_4bit"] is True
    assert factory["pissa_init"] is False, "LLaMA-Factory refuses it for quantized models"
    assert "no PiSSA for quantized models" in LLAMA_FACTORY.translate(plan).differs["lora_variant"]


def test_the_data_of_llama_factory_is_described() -> None:
    files = LLAMA_FACTORY.translate(made_plan()).files
    about = json.loads(files["rows/dataset_info.json"])
    assert about["train"]["file_name"] == "train.jsonl"
    assert about["validation"]["formatting"] == "sharegpt"
    texts = json.loads(LLAMA_FACTORY.translate(made_plan(task="generation")).files["rows/dataset_info.json"])
    assert texts["train"]["columns"] == {"prompt": "prompt", "response": "completion"}
