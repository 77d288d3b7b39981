"""LoRA: small trained adapters beside frozen weights, merged into them before a model leaves."""

from peft import LoraConfig, get_peft_model
from peft import TaskType as PeftTask
from torch import nn
from transformers import PreTrainedModel

from workers.contracts.recipes import Recipe
from workers.contracts.task_types import Family
from workers.models.loading import LoadedModel
from workers.runtime.reporter import JobError

_PEFT_TASKS = {
    Family.CAUSAL: PeftTask.CAUSAL_LM,
    Family.SEQ2SEQ: PeftTask.SEQ_2_SEQ_LM,
    Family.CLASSIFIER: PeftTask.SEQ_CLS,
}


def linear_layers(model: PreTrainedModel) -> list[str]:
    """Last name parts of all linear layers but the output and a classifier's head, sorted."""
    outputs = {id(model.get_output_embeddings())}
    names = set()
    for name, module in model.named_modules():
        last = name.rsplit(".", 1)[-1]
        if isinstance(module, nn.Linear) and id(module) not in outputs and last not in _HEADS:
            names.add(last)
    return sorted(names)


_HEADS = {"classifier", "score", "out_proj", "pre_classifier", "lm_head"}


def add_adapters(loaded: LoadedModel, recipe: Recipe) -> None:
    """Freeze the model and add adapters; a classifier's head stays trained. Raises JobError (lora_layers)."""
    base = loaded.model
    targets = recipe.lora_targets or linear_layers(base)
    options = LoraConfig(
        task_type=_PEFT_TASKS[loaded.family],
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=targets,
    )
    try:
        loaded.model = get_peft_model(base, options, autocast_adapter_dtype=False)
    except ValueError as error:
        known = ", ".join(linear_layers(base))
        raise JobError(
            "lora_layers",
            f"This model has no layers named {', '.join(targets)}. It has: {known}.",
            field="lora_targets",
        ) from error


def merge_adapters(loaded: LoadedModel) -> None:
    """Fold the adapters into the weights, in fp32, so that whatever serves the model needs no peft."""
    if hasattr(loaded.model, "merge_and_unload"):
        loaded.model = loaded.model.float().merge_and_unload()
