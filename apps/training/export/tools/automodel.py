"""NVIDIA NeMo AutoModel: supervised fine-tuning of causal models on GPUs."""

import math
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
from workers.contracts.recipes import LoraVariant, Recipe

_DATASETS = "nemo_automodel.components.datasets.llm"
_KEYS = {
    "objective": "recipe, dataset",
    "tuning": "peft, quantization",
    "epochs": "step_scheduler.num_epochs",
    "max_steps": "step_scheduler.max_steps",
    "keep_best": "checkpoint.best_metric_key",
    "learning_rate": "optimizer.lr",
    "batch_rows": "step_scheduler.global_batch_size, step_scheduler.local_batch_size",
    "warmup_share": "lr_scheduler.lr_warmup_steps",
    "schedule": "lr_scheduler.lr_decay_style, lr_scheduler.min_lr",
    "weight_decay": "optimizer.weight_decay",
    "max_gradient_norm": "clip_grad_norm.max_norm",
    "max_length": "dataset.seq_length",
    "validation_rounds": "step_scheduler.val_every_steps, step_scheduler.ckpt_every_steps",
    "precision": "model.torch_dtype",
    "gradient_checkpointing": "distributed.activation_checkpointing",
    "seed": "seed",
}
_LORA_KEYS = {
    "lora_variant": "peft.use_dora",
    "lora_rank": "peft.dim",
    "lora_alpha": "peft.alpha",
    "lora_dropout": "peft.dropout",
    "lora_targets": "peft.target_modules, peft.exclude_modules",
}


class AutoModel(Tool):
    """The configuration names the Python objects to build."""

    name = "NVIDIA NeMo AutoModel"
    version = "0.7.0"
    filename = "automodel.yaml"
    commands = ("pip install nemo-automodel==0.7.0", "automodel automodel.yaml")

    def translate(self, plan: Plan) -> Translation:
        config = {**_schedule(plan), **_model(plan), **_data(plan), **_optimizer(plan)}
        if is_lora(plan):
            config["peft"] = _lora(plan.recipe)
        if is_qlora(plan):
            config["quantization"] = _four_bits(plan)
        keys = _KEYS | (_LORA_KEYS if is_lora(plan) else {})
        return Translation(config, keys, usual_differences(plan.recipe) | _differences(plan))


def _schedule(plan: Plan) -> dict[str, Any]:
    every = {"ckpt_every_steps": plan.round_steps}
    if plan.validation_rows:
        every["val_every_steps"] = plan.round_steps
    return {
        "recipe": "TrainFinetuneRecipeForNextTokenPrediction",
        "seed": plan.recipe.seed,
        "step_scheduler": {
            "global_batch_size": plan.batch_rows,
            "local_batch_size": plan.microbatch_rows,
            "num_epochs": math.ceil(plan.recipe.epochs or 1),
            **({"max_steps": plan.steps} if plan.steps else {}),
            **every,
        },
        "dist_env": {"backend": "nccl", "timeout_minutes": 10},
        "distributed": {
            "strategy": "fsdp2",
            "activation_checkpointing": plan.recipe.gradient_checkpointing,
        },
    }


def _model(plan: Plan) -> dict[str, Any]:
    return {
        "model": {
            "_target_": "nemo_automodel.NeMoAutoModelForCausalLM.from_pretrained",
            "pretrained_model_name_or_path": BASE,
            "torch_dtype": "bfloat16" if is_bf16(plan) else "float32",
        },
        "checkpoint": {
            "enabled": True,
            "checkpoint_dir": "automodel_output",
            "model_save_format": "safetensors",
            "save_consolidated": "final",
            "best_metric_key": "default",
        },
        "loss_fn": {"_target_": "nemo_automodel.components.loss.masked_ce.MaskedCrossEntropy"},
    }


def _dataset(plan: Plan, name: str) -> dict[str, Any]:
    bounds = {"seq_length": plan.recipe.max_length, "truncation": True}
    path = f"{ROWS}/{name}.jsonl"
    if plan.task.continues:
        target = f"{_DATASETS}.column_mapped_text_instruction_dataset.ColumnMappedTextInstructionDataset"
        columns = {"question": "prompt", "answer": "completion"}
        return {"_target_": target, "path_or_dataset_id": path, "column_mapping": columns, **bounds}
    masks = {"mask_history": True} if plan.masks_answers else {}
    target = f"{_DATASETS}.chat_dataset.ChatDataset"
    return {"_target_": target, "path_or_dataset_id": path, **masks, **bounds}


def _data(plan: Plan) -> dict[str, Any]:
    loader = {"collate_fn": "nemo_automodel.components.datasets.utils.default_collater"}
    data: dict[str, Any] = {"dataset": _dataset(plan, "train"), "dataloader": {**loader, "shuffle": True}}
    if plan.validation_rows:
        data |= {"validation_dataset": _dataset(plan, "validation"), "validation_dataloader": loader}
    return data


def _optimizer(plan: Plan) -> dict[str, Any]:
    recipe = plan.recipe
    rate = recipe.learning_rate or 0.0
    optimizer = {"_target_": "torch.optim.AdamW", "lr": rate, "betas": list(BETAS)}
    return {
        "optimizer": {**optimizer, "weight_decay": recipe.weight_decay},
        "lr_scheduler": {
            "lr_decay_style": recipe.schedule,
            "lr_warmup_steps": plan.warmup_steps,
            "min_lr": rate * LEAST_RATE_SHARE,
        },
        "clip_grad_norm": {"max_norm": recipe.max_gradient_norm},
    }


def _lora(recipe: Recipe) -> dict[str, Any]:
    targets = (
        {"target_modules": recipe.lora_targets} if recipe.lora_targets else {"exclude_modules": ["lm_head"]}
    )
    return {
        "_target_": "nemo_automodel.components._peft.lora.PeftConfig",
        **targets,
        "use_dora": recipe.lora_variant is LoraVariant.DORA,
        "dim": recipe.lora_rank,
        "alpha": _alpha(recipe),
        "dropout": recipe.lora_dropout,
        "dropout_position": "pre",
    }


def _four_bits(plan: Plan) -> dict[str, Any]:
    return {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": "bfloat16" if is_bf16(plan) else "float32",
    }


def _alpha(recipe: Recipe) -> int:
    """AutoModel divides alpha by the rank. For rsLoRA, which divides by its square root, alpha is larger instead."""
    scaled = recipe.lora_variant is LoraVariant.RSLORA
    return round(recipe.lora_alpha * math.sqrt(recipe.lora_rank)) if scaled else recipe.lora_alpha


def _differences(plan: Plan) -> dict[str, str]:
    recipe = plan.recipe
    found = {
        "keep_best": "The best checkpoint is marked in `automodel_output`. The last one is also kept.",
        "weight_decay": "There, biases and the weights of normalization layers decay, too.",
    }
    if recipe.early_stopping_rounds:
        found["early_stopping_rounds"] = "AutoModel has no early stopping."
    if recipe.label_smoothing:
        found["label_smoothing"] = "AutoModel has no label smoothing."
    if recipe.lora_variant is LoraVariant.RSLORA:
        found["lora_alpha"] = "Multiplied by the square root of the rank, which has the effect of rsLoRA."
    if recipe.lora_variant is LoraVariant.PISSA:
        found["lora_variant"] = "AutoModel has no PiSSA. There, the adapters start as in LoRA."
    if plan.masks_answers:
        found["objective"] = (
            "There, only the last answer of each conversation is learned (`mask_history`). In Maquette, each row marks its answers."
        )
    if plan.task.continues:
        found["objective"] = (
            "There, a space is put between prompt and completion. A tokenizer that adds a start token by itself adds a second one."
        )
    return found
