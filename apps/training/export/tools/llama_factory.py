"""LLaMA-Factory: supervised fine-tuning of causal models."""

import json
from typing import Any

from apps.training.export.plan import BASE, ROWS, Plan
from apps.training.export.tools.tool import (
    BETAS,
    Tool,
    Translation,
    is_bf16,
    is_lora,
    is_qlora,
    usual_differences,
)
from workers.contracts.objectives.dpo import DpoOptions
from workers.contracts.objectives.orpo import OrpoOptions
from workers.contracts.objectives.simpo import SimpoOptions
from workers.contracts.recipes import LoraVariant

_PREFERENCE_LOSSES = {"sigmoid": "sigmoid", "ipo": "ipo", "hinge": "hinge"}
"""LLaMA-Factory's names of the losses that DPO has here."""
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
_KEYS = {
    "objective": "stage",
    "tuning": "finetuning_type, quantization_bit",
    "epochs": "num_train_epochs",
    "max_steps": "max_steps",
    "early_stopping_rounds": "early_stopping_steps",
    "keep_best": "load_best_model_at_end",
    "learning_rate": "learning_rate",
    "batch_rows": "per_device_train_batch_size, gradient_accumulation_steps",
    "warmup_share": "warmup_steps",
    "schedule": "lr_scheduler_type",
    "weight_decay": "weight_decay",
    "max_gradient_norm": "max_grad_norm",
    "label_smoothing": "label_smoothing_factor",
    "max_length": "cutoff_len",
    "validation_rounds": "eval_steps, save_steps",
    "precision": "bf16",
    "gradient_checkpointing": "disable_gradient_checkpointing",
    "seed": "seed, data_seed",
}
_LORA_KEYS = {
    "lora_variant": "use_rslora, use_dora, pissa_init",
    "lora_rank": "lora_rank",
    "lora_alpha": "lora_alpha",
    "lora_dropout": "lora_dropout",
    "lora_targets": "lora_target",
}


class LlamaFactory(Tool):
    """The configuration is flat: arguments of the model, the data and transformers' Trainer."""

    name = "LLaMA-Factory"
    version = "0.9.5"
    filename = "llama_factory.yaml"
    objectives = frozenset({"sft", "dpo", "orpo", "simpo"})
    commands = ("pip install llamafactory==0.9.5", "llamafactory-cli train llama_factory.yaml")

    def obstacle(self, plan: Plan) -> str:
        options = plan.recipe.objective
        if isinstance(options, DpoOptions) and options.loss not in _PREFERENCE_LOSSES:
            return f"LLaMA-Factory does not have the preference loss `{options.loss}`."
        return super().obstacle(plan)

    def translate(self, plan: Plan) -> Translation:
        config = {**_data(plan), **_training(plan), **_preferences(plan)}
        if is_lora(plan):
            config |= _lora(plan)
        differs = usual_differences(plan.recipe) | _differences(plan)
        keys = _KEYS | (_LORA_KEYS if is_lora(plan) else {})
        if plan.learns_preferences:
            keys |= {
                "objective": "stage, pref_loss, pref_beta, simpo_gamma",
                "label_smoothing": "dpo_label_smoothing",
            }
        return Translation(config, keys, differs, {f"{ROWS}/dataset_info.json": _dataset_info(plan)})


def _data(plan: Plan) -> dict[str, Any]:
    config: dict[str, Any] = {
        "model_name_or_path": BASE,
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "lora" if is_lora(plan) else "full",
        "dataset_dir": ROWS,
        "dataset": "train",
        "cutoff_len": plan.recipe.max_length,
        "packing": False,
        "output_dir": "llama_factory_output",
        "report_to": "none",
    }
    if plan.task.continues:
        # The rows hold the control tokens themselves.
        config["template"] = "empty"
    elif plan.masks_answers and not plan.learns_preferences:
        config["mask_history"] = True
    if plan.validation_rows:
        config |= {"eval_dataset": "validation", "do_eval": True, "eval_strategy": "steps"}
    return config


def _training(plan: Plan) -> dict[str, Any]:
    recipe = plan.recipe
    config: dict[str, Any] = {
        "num_train_epochs": recipe.epochs,
        **({"max_steps": plan.steps} if plan.steps else {}),
        "per_device_train_batch_size": plan.microbatch_rows,
        "gradient_accumulation_steps": plan.batch_rows // plan.microbatch_rows,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": _SCHEDULES[recipe.schedule],
        "warmup_steps": plan.warmup_steps,
        "optim": "adamw_torch",
        "adam_beta1": BETAS[0],
        "adam_beta2": BETAS[1],
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_gradient_norm,
        "label_smoothing_factor": recipe.label_smoothing or 0.0,
        "bf16": is_bf16(plan),
        "disable_gradient_checkpointing": not recipe.gradient_checkpointing,
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "save_strategy": "steps",
        "save_steps": plan.round_steps,
        "save_total_limit": 2,
    }
    if plan.validation_rows:
        config |= {"eval_steps": plan.round_steps, "load_best_model_at_end": recipe.keep_best}
        config |= {"metric_for_best_model": "eval_loss", "greater_is_better": False}
        if recipe.keep_best and recipe.early_stopping_rounds:
            config["early_stopping_steps"] = recipe.early_stopping_rounds
    return config


def _preferences(plan: Plan) -> dict[str, Any]:
    """Settings of an objective on preference data; they take the place of those of supervised fine-tuning."""
    options = plan.recipe.objective
    common = {"stage": "dpo", "label_smoothing_factor": 0.0}
    if isinstance(options, DpoOptions):
        if options.loss == "sigmoid":
            common["dpo_label_smoothing"] = plan.recipe.label_smoothing or 0.0
        return {**common, "pref_loss": _PREFERENCE_LOSSES[options.loss], "pref_beta": options.beta}
    if isinstance(options, OrpoOptions):
        return {**common, "pref_loss": "orpo", "pref_beta": options.ratio_weight}
    if isinstance(options, SimpoOptions):
        return {**common, "pref_loss": "simpo", "pref_beta": options.beta, "simpo_gamma": options.margin}
    return {}


def _lora(plan: Plan) -> dict[str, Any]:
    recipe = plan.recipe
    variant = recipe.lora_variant
    four_bits = {"quantization_bit": 4, "quantization_type": "nf4", "double_quantization": True}
    return {
        **(four_bits if is_qlora(plan) else {}),
        "use_rslora": variant is LoraVariant.RSLORA,
        "use_dora": variant is LoraVariant.DORA,
        "pissa_init": variant is LoraVariant.PISSA and not is_qlora(plan),
        "lora_rank": recipe.lora_rank,
        "lora_alpha": recipe.lora_alpha,
        "lora_dropout": recipe.lora_dropout,
        "lora_target": ",".join(recipe.lora_targets) if recipe.lora_targets else "all",
    }


def _differences(plan: Plan) -> dict[str, str]:
    recipe = plan.recipe
    found = {"schedule": "There, the rate decays to 0. In Maquette, it decays to 0.1 % of the peak."}
    if recipe.early_stopping_rounds and not (recipe.keep_best and plan.validation_rows):
        found["early_stopping_rounds"] = (
            "There, early stopping needs validation rows and the best checkpoint."
        )
    if is_qlora(plan) and recipe.lora_variant is LoraVariant.PISSA:
        found["lora_variant"] = (
            "LLaMA-Factory has no PiSSA for quantized models. There, the adapters start as in LoRA."
        )
    if plan.learns_preferences and recipe.label_smoothing and "dpo_label_smoothing" not in _preferences(plan):
        found["label_smoothing"] = "LLaMA-Factory has no label smoothing for this loss."
    if plan.masks_answers and not plan.learns_preferences:
        found["objective"] = (
            "There, only the last answer of each conversation is learned (`mask_history`). In Maquette, each row marks its answers."
        )
    return found


def _dataset_info(plan: Plan) -> str:
    if plan.task.continues:
        about: dict[str, Any] = {
            "formatting": "alpaca",
            "columns": {"prompt": "prompt", "response": "completion"},
        }
    else:
        tags = {"role_tag": "role", "content_tag": "content"}
        tags |= {"user_tag": "user", "assistant_tag": "assistant", "system_tag": "system"}
        about = {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": tags}
        if plan.learns_preferences:
            about = {"ranking": True, **about}
            about["columns"] |= {"chosen": "chosen", "rejected": "rejected"}
    splits = ["train", *(["validation"] if plan.validation_rows else [])]
    return json.dumps({split: {"file_name": f"{split}.jsonl", **about} for split in splits}, indent=2) + "\n"
