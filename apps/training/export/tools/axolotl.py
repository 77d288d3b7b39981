"""Axolotl: supervised fine-tuning of causal models."""

from typing import Any

from apps.training.export.plan import BASE, ROWS, Plan
from apps.training.export.tools.tool import (
    BETAS,
    LEAST_RATE_SHARE,
    Tool,
    Translation,
    is_bf16,
    is_lora,
    is_qlora,
    usual_differences,
)
from workers.contracts.objectives.dpo import DpoOptions
from workers.contracts.objectives.simpo import SimpoOptions
from workers.contracts.recipes import LoraVariant

_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
_KEYS = {
    "objective": "datasets.type",
    "tuning": "adapter, load_in_4bit",
    "epochs": "num_epochs",
    "max_steps": "max_steps",
    "early_stopping_rounds": "early_stopping_patience",
    "keep_best": "load_best_model_at_end",
    "learning_rate": "learning_rate",
    "batch_rows": "micro_batch_size, gradient_accumulation_steps",
    "warmup_share": "warmup_steps",
    "schedule": "lr_scheduler",
    "weight_decay": "weight_decay",
    "max_gradient_norm": "max_grad_norm",
    "max_length": "sequence_len",
    "validation_rounds": "eval_steps, save_steps",
    "precision": "bf16",
    "gradient_checkpointing": "gradient_checkpointing",
    "seed": "seed",
}
_LORA_KEYS = {
    "lora_variant": "peft_use_rslora, peft_use_dora, peft_init_lora_weights",
    "lora_rank": "lora_r",
    "lora_alpha": "lora_alpha",
    "lora_dropout": "lora_dropout",
    "lora_targets": "lora_target_linear, lora_target_modules",
}


class Axolotl(Tool):
    """Messages say which answers are learned, and texts are segments that are learned or not."""

    name = "Axolotl"
    version = "0.19.0"
    filename = "axolotl.yaml"
    objectives = frozenset({"sft", "dpo", "simpo"})
    commands = ("pip install axolotl==0.19.0", "axolotl train axolotl.yaml")

    def translate(self, plan: Plan) -> Translation:
        recipe = plan.recipe
        config = {**_data(plan), **_training(plan), **_preferences(plan)}
        if is_lora(plan):
            config |= _lora(plan)
        differs = usual_differences(recipe)
        if recipe.schedule == "linear":
            differs["schedule"] = "There, the rate decays to 0. In Maquette, it decays to 0.1 % of the peak."
        if recipe.label_smoothing and "dpo_label_smoothing" not in config:
            differs["label_smoothing"] = "Axolotl has no label smoothing for this kind of training."
        keys = _KEYS | (_LORA_KEYS if is_lora(plan) else {})
        if plan.learns_preferences:
            keys |= {
                "objective": "rl, dpo_loss_type, rl_beta, simpo_gamma",
                "label_smoothing": "dpo_label_smoothing",
            }
        return Translation(config, keys, differs)


def _dataset(plan: Plan, name: str) -> dict[str, Any]:
    read = {"path": f"{ROWS}/{name}.jsonl", "ds_type": "json", "split": "train"}
    if plan.task.continues:
        return {**read, "type": "input_output"}
    if plan.learns_preferences:
        fields = {f"field_{column}": column for column in ("messages", "chosen", "rejected")}
        return {"path": read["path"], "split": "train", "type": "chat_template.default", **fields}
    return {
        **read,
        "type": "chat_template",
        "field_messages": "messages",
        "message_field_training": "train",
        "roles_to_train": ["assistant"],
        "train_on_eos": "turn",
    }


def _data(plan: Plan) -> dict[str, Any]:
    config: dict[str, Any] = {
        "base_model": BASE,
        "datasets": [_dataset(plan, "train")],
        **({"test_datasets": [_dataset(plan, "validation")]} if plan.validation_rows else {}),
        **({} if plan.task.continues else {"chat_template": "tokenizer_default"}),
        "train_on_inputs": False,
        "sequence_len": plan.recipe.max_length,
        "excess_length_strategy": "truncate",
        "sample_packing": False,
        "pad_to_sequence_len": False,
        "dataset_prepared_path": "axolotl_prepared",
        "output_dir": "axolotl_output",
    }
    return config


def _preferences(plan: Plan) -> dict[str, Any]:
    options = plan.recipe.objective
    if isinstance(options, DpoOptions):
        smoothing = plan.recipe.label_smoothing or 0.0
        loss = {"dpo_loss_type": [options.loss], "dpo_label_smoothing": smoothing}
        return {"rl": "dpo", "rl_beta": options.beta, **loss}
    if isinstance(options, SimpoOptions):
        return {"rl": "simpo", "rl_beta": options.beta, "simpo_gamma": options.margin}
    return {}


def _training(plan: Plan) -> dict[str, Any]:
    recipe = plan.recipe
    config: dict[str, Any] = {
        "num_epochs": recipe.epochs,
        **({"max_steps": plan.steps} if plan.steps else {}),
        "micro_batch_size": plan.microbatch_rows,
        "gradient_accumulation_steps": plan.batch_rows // plan.microbatch_rows,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler": _SCHEDULES[recipe.schedule],
        **({"cosine_min_lr_ratio": LEAST_RATE_SHARE} if recipe.schedule == "cosine" else {}),
        "warmup_steps": plan.warmup_steps,
        "optimizer": "adamw_torch",
        "adam_beta1": BETAS[0],
        "adam_beta2": BETAS[1],
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_gradient_norm,
        "bf16": is_bf16(plan),
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "seed": recipe.seed,
        "save_steps": plan.round_steps,
        "save_total_limit": 2,
    }
    if plan.validation_rows:
        config |= {"eval_steps": plan.round_steps, "load_best_model_at_end": recipe.keep_best}
        if recipe.early_stopping_rounds:
            config["early_stopping_patience"] = recipe.early_stopping_rounds
    return config


def _lora(plan: Plan) -> dict[str, Any]:
    recipe = plan.recipe
    variant = recipe.lora_variant
    return {
        "adapter": "qlora" if is_qlora(plan) else "lora",
        "load_in_4bit": is_qlora(plan),
        "peft_use_rslora": variant is LoraVariant.RSLORA,
        "peft_use_dora": variant is LoraVariant.DORA,
        "peft_init_lora_weights": "pissa_niter_16" if variant is LoraVariant.PISSA else True,
        "lora_r": recipe.lora_rank,
        "lora_alpha": recipe.lora_alpha,
        "lora_dropout": recipe.lora_dropout,
        **(
            {"lora_target_modules": recipe.lora_targets}
            if recipe.lora_targets
            else {"lora_target_linear": True}
        ),
    }
