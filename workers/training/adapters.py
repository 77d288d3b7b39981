"""LoRA: small trained adapters beside frozen weights, merged into them before a model leaves."""

from peft import LoraConfig, get_peft_model
from peft import TaskType as PeftTask
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from workers.contracts.families import Family
from workers.contracts.recipes import Recipe
from workers.contracts.texts import Text
from workers.models.loading import LoadedModel
from workers.runtime.reporter import JobError
from workers.training.objectives import objective_for


def linear_layers(model: PreTrainedModel, family: Family) -> list[str]:
    """Last name parts of all linear layers but the output and a classifier's head, sorted."""
    output, head = model.get_output_embeddings(), head_modules(model, family)
    return sorted(
        {
            name.rsplit(".", 1)[-1]
            for name, module in model.named_modules()
            if isinstance(module, nn.Linear | Conv1D)
            and module is not output
            and name.partition(".")[0] not in head
        }
    )


def head_modules(model: PreTrainedModel, family: Family) -> list[str]:
    """What stands on a classifier's body. It begins with random weights, so all of it has to be learned."""
    if family is not Family.CLASSIFIER or not hasattr(model, model.base_model_prefix):
        return []
    parts = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    return [name for name, weights in parts.items() if weights and name != model.base_model_prefix]


def add_adapters(loaded: LoadedModel, recipe: Recipe) -> None:
    """Freeze the model and add adapters; a classifier's head is trained whole. Raises JobError (lora_layers)."""
    base = loaded.model
    known = linear_layers(base, loaded.family)
    targets = recipe.lora_targets or known
    options = LoraConfig(
        task_type=PeftTask(objective_for(loaded, recipe).adapter_task),
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=targets,
        modules_to_save=head_modules(base, loaded.family) or None,
    )
    try:
        loaded.model = get_peft_model(base, options, autocast_adapter_dtype=False)
    except ValueError as error:
        if recipe.lora_targets is None:
            raise JobError(
                "lora_layers", Text("training.lora_unknown_architecture"), field="tuning"
            ) from error
        raise JobError(
            "lora_layers",
            Text("training.no_such_layers", targets=list(targets), known=list(known)),
            field="lora_targets",
        ) from error


def merge_adapters(loaded: LoadedModel) -> None:
    """Fold the adapters into the weights, in fp32, so that software that serves the model needs no peft."""
    if hasattr(loaded.model, "merge_and_unload"):
        loaded.model = loaded.model.float().merge_and_unload()
