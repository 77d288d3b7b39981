"""LoRA and its variants: small trained adapters beside frozen weights, merged into them before a model leaves.

rsLoRA (Kalajdzievski, 2023) scales by the square root of the rank. DoRA (Liu et al., 2024) also learns the length of each
row of the weights. PiSSA (Meng et al., 2024) moves the main components of the weights into the adapters and freezes the rest.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft import TaskType as PeftTask
from peft.tuners.lora import LoraLayer
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from workers.contracts.events import Fix
from workers.contracts.families import Family
from workers.contracts.recipes import LoraVariant, Recipe, Tuning
from workers.contracts.texts import Text
from workers.models.devices import DTYPES
from workers.models.loading import LoadedModel
from workers.runtime.reporter import JobError
from workers.training.objectives import objective_for
from workers.training.quantization import is_quantized, quantize, restore

_PISSA = "pissa_niter_16"
"""Components by a randomized decomposition of 16 iterations: an exact one takes many times longer for large layers."""


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
    """Freeze the model and add adapters; a classifier's head is trained whole. For QLoRA, quantize what is frozen below them.

    Raises JobError: lora_layers, lora_rank, no_bitsandbytes.
    """
    base = loaded.model
    known = linear_layers(base, loaded.family)
    targets = recipe.lora_targets or known
    _require_fit(base, targets, recipe)
    variant = recipe.lora_variant
    options = LoraConfig(
        task_type=PeftTask(objective_for(loaded, recipe).adapter_task),
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=list(targets),
        modules_to_save=head_modules(base, loaded.family) or None,
        use_rslora=variant is LoraVariant.RSLORA,
        use_dora=variant is LoraVariant.DORA,
        init_lora_weights=_PISSA if variant is LoraVariant.PISSA else True,
    )
    try:
        with _same_components(recipe, loaded.device):
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
    if recipe.tuning is Tuning.QLORA:
        _quantize_frozen(loaded)


def _require_fit(model: PreTrainedModel, targets: Sequence[str], recipe: Recipe) -> None:
    """Refuse layers that adapters could not be merged into, and a rank above what PiSSA can take from a layer."""
    # peft compares names in the same way.
    chosen = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D)
        and any(name == target or name.endswith(f".{target}") for target in targets)
    }
    owners = Counter(id(weight) for module in model.modules() for weight in module._parameters.values())
    shared = sorted(name for name, module in chosen.items() if owners[id(module.weight)] > 1)
    if shared:
        raise JobError(
            "lora_layers", Text("training.lora_shared_layers", targets=shared), field="lora_targets"
        )
    most = min((min(module.weight.shape) for module in chosen.values()), default=recipe.lora_rank)
    if recipe.lora_variant is LoraVariant.PISSA and recipe.lora_rank > most:
        raise JobError(
            "lora_rank",
            Text("training.pissa_rank", rank=recipe.lora_rank, most=most),
            field="lora_rank",
            fix=Fix(label=Text("training.fix_lora_rank", rank=most), recipe={"lora_rank": most}),
        )


@contextmanager
def _same_components(recipe: Recipe, device: torch.device) -> Iterator[None]:
    """Within it, PiSSA finds the same components of the same weights, whatever was drawn before.

    A checkpoint holds the adapters alone. Where it is resumed, what is frozen has to be the same rest of the weights.
    """
    if recipe.lora_variant is not LoraVariant.PISSA:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        yield


def frozen_layers(loaded: LoadedModel) -> list[nn.Linear]:
    """The layers of a model without adapters that QLoRA would quantize by default."""
    names = set(linear_layers(loaded.model, loaded.family))
    return [
        module
        for name, module in loaded.model.named_modules()
        if isinstance(module, nn.Linear) and name.rsplit(".", 1)[-1] in names
    ]


def _quantize_frozen(loaded: LoadedModel) -> None:
    """Quantize the layer below every adapter, and move the model to its device."""
    found = False
    for layer in _adapted_layers(loaded):
        plain = layer.get_base_layer()
        if isinstance(plain, nn.Linear):
            layer.base_layer, found = quantize(plain, loaded.device), True
    if not found:
        raise JobError("lora_layers", Text("training.qlora_unknown_architecture"), field="tuning")
    loaded.model.to(loaded.device)


def _adapted_layers(loaded: LoadedModel) -> list[LoraLayer]:
    return [module for module in loaded.model.modules() if isinstance(module, LoraLayer)]


@torch.no_grad()
def merge_adapters(loaded: LoadedModel) -> None:
    """Fold the adapters into the weights, so that software that serves the model needs no peft.

    This is done in fp32 and layer by layer, so that not all weights are in fp32 at once. A quantized model is put together in
    main memory and stays there: its whole weights may not fit on the accelerator.
    """
    if not isinstance(loaded.model, PeftModel):
        return
    layers = _adapted_layers(loaded)
    if any(is_quantized(layer.get_base_layer()) for layer in layers):
        loaded.device = torch.device("cpu")
    for layer in layers:
        if is_quantized(layer.get_base_layer()):
            layer.base_layer = restore(layer.get_base_layer())
        layer.to(loaded.device).float().merge()
        layer.to(DTYPES[loaded.precision])
    loaded.model = loaded.model.to(loaded.device).unload()
