"""Opens what a training starts from, whichever kind of base it is."""

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedModel

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.recipes import FolderBase, Recipe, StarterBase, Tuning, UploadBase, VersionBase
from workers.contracts.texts import Text
from workers.models.hub import OnBytes
from workers.models.loading import LoadedModel, load_pretrained, load_version
from workers.models.memory import loading_explained
from workers.models.starters import create_starter
from workers.runtime.reporter import JobError
from workers.training.data import Row


@loading_explained()
def open_base(
    spec: PreflightSpec | RunSpec,
    train_rows: Collection[Row],
    device: torch.device,
    on_bytes: OnBytes | None = None,
) -> LoadedModel:
    """The base in fp32, ready to be trained on `device`. A folder in `inputs` wins: pre-flight left it there. `on_bytes`
    follows a download.

    For QLoRA it stays in main memory, where possible as stored: the accelerator may not hold all of it, and its layers are
    quantized one by one on their way there. Raises JobError as workers.models.loading does, labels_missing, or out_of_memory.
    """
    quantizes = spec.recipe.tuning is Tuning.QLORA
    loaded = _open(spec, train_rows, torch.device("cpu") if quantizes else device, quantizes, on_bytes)
    loaded.device = device
    return loaded


def _open(
    spec: PreflightSpec | RunSpec,
    train_rows: Collection[Row],
    device: torch.device,
    as_stored: bool,
    on_bytes: OnBytes | None,
) -> LoadedModel:
    base = spec.base
    if base.family.has_labels and len(spec.labels) < 2:
        raise JobError(
            "labels_missing",
            Text("training.too_few_labels"),
            field="labels",
        )
    if "base" in spec.inputs:
        folder = Path(spec.inputs["base"])
        return load_version(
            folder, task_type=spec.task_type, labels=spec.labels, device=device, as_stored=as_stored
        )
    if isinstance(base, VersionBase):
        raise JobError("base_missing", Text("training.base_gone"), field="base")
    if isinstance(base, StarterBase):
        return create_starter(
            _inputs(train_rows) if base.family is Family.LINEAR else _texts(train_rows),
            family=base.family,
            size=base.size,
            task_type=spec.task_type,
            labels=spec.labels,
            seed=spec.recipe.seed,
            device=device,
        )
    roots = spec.model_roots
    if isinstance(base, UploadBase):
        roots = [spec.inputs["files"]]
        base = FolderBase(family=base.family, path=roots[0])
    return load_pretrained(
        base,
        task_type=spec.task_type,
        labels=spec.labels,
        model_roots=roots,
        device=device,
        on_bytes=on_bytes,
    )


_TOKENIZER_CHARACTERS = 50_000_000
"""Of the texts that a starter's tokenizer is trained on. It holds every different word of them in memory."""


def _texts(rows: Collection[Row]) -> Iterator[str]:
    """Texts from all over the rows, all of them unless they are too large."""
    size = sum(len(row.target) + sum(len(message.content) for message in row.messages) for row in rows)
    for row in islice(rows, 0, None, max(1, -(-size // _TOKENIZER_CHARACTERS))):
        for message in row.messages:
            yield message.content
        yield row.target


_MOST_COUNTED_ROWS, _COUNTED_CHARACTERS = 50_000, 20_000_000
"""Of the inputs whose n-grams are counted: all different ones are held in memory."""


def _inputs(rows: Collection[Row]) -> Iterator[str]:
    """Inputs from all over the rows, all of them unless they are too many or too large."""
    size = sum(len(row.input) for row in rows)
    share = max(1, -(-size // _COUNTED_CHARACTERS), -(-len(rows) // _MOST_COUNTED_ROWS))
    return (row.input for row in islice(rows, 0, None, share))


_DROPOUT_SETTINGS = ("dropout", "attention_dropout", "activation_dropout", "dropout_prob")


def set_dropout(model: PreTrainedModel, share: float) -> None:
    """Set every dropout of the model: layers, and the numbers that attention reads."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
        for name in _DROPOUT_SETTINGS:
            if isinstance(vars(module).get(name), float):
                setattr(module, name, share)


def prepare_model(loaded: LoadedModel, recipe: Recipe) -> None:
    """Apply the recipe's settings that live in the model itself."""
    if recipe.dropout is not None:
        set_dropout(loaded.model, recipe.dropout)
    if recipe.gradient_checkpointing:
        loaded.model.gradient_checkpointing_enable({"use_reentrant": False})
